#!/usr/bin/python3
"""A WHIP publisher or a WHEP player of another make: aiortc, which shares no code with this server or with browsers.

client.py publish|play URL [--codec VP8|H264] [--direction sendonly|recvonly|sendrecv] [--token TOKEN]

Publishes a red picture that a white bar crosses, and a tone; or decodes what it is sent. Says what happens in lines of
JSON. Ends its session by DELETE when standard input closes.
"""

import argparse
import asyncio
import fractions
import json
import math
import sys
from urllib.parse import urljoin

import aiohttp
import av
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCRtpSender, RTCSessionDescription, VideoStreamTrack
from aiortc.mediastreams import MediaStreamError

WIDTH, HEIGHT = 320, 240
RED, WHITE = (76, 84, 255), (235, 128, 128)  # Y, U, V


def say(**what):
    print(json.dumps(what), flush=True)


class Bar(VideoStreamTrack):
    """Frames in time, as its base class has them."""

    async def recv(self):
        pts, time_base = await self.next_timestamp()
        frame = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
        at = pts // 3000 * 4 % (WIDTH - 16)
        for plane, (red, white) in zip(frame.planes, zip(RED, WHITE)):
            shrink = WIDTH // plane.width
            row = bytearray([red] * plane.line_size)
            row[at // shrink : (at + 16) // shrink] = bytes([white] * (16 // shrink))
            plane.update(bytes(row) * plane.height)
        frame.pts, frame.time_base = pts, time_base
        return frame


class Tone(MediaStreamTrack):
    kind = "audio"
    RATE, SAMPLES = 48000, 960

    def __init__(self):
        super().__init__()
        self.at = 0
        self.start = None

    async def recv(self):
        loop = asyncio.get_running_loop()
        self.start = self.start or loop.time()
        await asyncio.sleep(self.start + self.at / self.RATE - loop.time())
        frame = av.AudioFrame(format="s16", layout="mono", samples=self.SAMPLES)
        wave = (int(9000 * math.sin(2 * math.pi * 440 * (self.at + n) / self.RATE)) for n in range(self.SAMPLES))
        frame.planes[0].update(b"".join(value.to_bytes(2, "little", signed=True) for value in wave))
        frame.pts, frame.sample_rate, frame.time_base = self.at, self.RATE, fractions.Fraction(1, self.RATE)
        self.at += self.SAMPLES
        return frame


def mean(plane):
    """Of the middle row: what most of the picture looks like."""
    row = bytes(plane)[plane.height // 2 * plane.line_size :][: plane.width]
    return sum(row) // len(row)


def loudness(frame):
    samples = memoryview(bytes(frame.planes[0])).cast("h")[: frame.samples]
    return max(abs(value) for value in samples)


async def watch(track):
    count = loudest = 0
    while True:
        try:
            frame = await track.recv()
        except MediaStreamError:
            return
        count += 1
        if track.kind == "audio":
            loudest = max(loudest, loudness(frame))
        if count % 5:
            continue
        if track.kind == "video":
            say(video=count, width=frame.width, height=frame.height, colour=[mean(plane) for plane in frame.planes])
        else:
            say(audio=count, loudness=loudest)
            loudest = 0


def make_connection(options):
    connection = RTCPeerConnection()
    publishes = options.what == "publish"
    direction = options.direction or ("sendonly" if publishes else "recvonly")
    for kind, source in (("audio", Tone), ("video", Bar)):
        line = connection.addTransceiver(source() if publishes else kind, direction=direction)
        if kind == "video" and options.codec:
            wanted = f"video/{options.codec}".lower()
            line.setCodecPreferences([c for c in RTCRtpSender.getCapabilities(kind).codecs if c.mimeType.lower() == wanted])
    connection.on("connectionstatechange", lambda: say(connection=connection.connectionState))
    if not publishes:
        connection.on("track", lambda track: asyncio.ensure_future(watch(track)))
    return connection


async def closed_input():
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()


async def main(options):
    connection = make_connection(options)
    headers = {"Authorization": f"Bearer {options.token}"} if options.token else {}
    async with aiohttp.ClientSession(headers=headers) as http:
        await connection.setLocalDescription(await connection.createOffer())
        offer = connection.localDescription.sdp
        async with http.post(options.url, data=offer, headers={"Content-Type": "application/sdp"}) as response:
            answer = await response.text()
            say(status=response.status, answer=answer, offer=offer)
            if response.status != 201:
                return await connection.close()
            session = urljoin(options.url, response.headers["Location"])
        await connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        await closed_input()
        async with http.delete(session) as response:
            say(deleted=response.status)
    await connection.close()


parser = argparse.ArgumentParser()
parser.add_argument("what", choices=["publish", "play"])
parser.add_argument("url")
parser.add_argument("--codec")
parser.add_argument("--direction")
parser.add_argument("--token")
asyncio.run(main(parser.parse_args()))
