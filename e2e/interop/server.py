#!/usr/bin/python3
"""A WHIP and WHEP server of another make, on aiortc: for `visavis-load`, which is to measure any.

server.py ADDRESS TOKEN [--codec VP8|H264] [--lose-every N]

ADDRESS is of an interface (aiortc announces no 127.0.0.1); HTTP listens there too, on a free port that the first line
of output tells. POST /live/in?stream=NAME publishes, POST /live/out?stream=NAME plays.

It forwards packets as an SFU does: a viewer's have an SSRC and numbers of their own. Where the standards leave a
choice, it takes another one than Visavis does: full ICE that checks both ways, DTLS client, candidates that lead
nowhere beside the one that works, ICE and DTLS told once for the whole session, no SSRCs told, no RTX, no
transport-wide feedback, lines that end in LF, `Location` relative or absolute and with a query, chunked bodies. Of
what goes to a viewer it loses one video packet in N until it is asked for.
"""

import argparse
import asyncio
import random
import re
import secrets

from aiohttp import web
from aiortc import RTCPeerConnection, RTCSessionDescription, rtcrtpreceiver
from aiortc.rtp import RTCP_PSFB_PLI, RTCP_RTPFB_NACK, HeaderExtensions, RtcpPsfbPacket, RtcpRtpfbPacket, RtpPacket

HISTORY = 512
OWN_LINES = re.compile(r"a=(ssrc|ssrc-group|ice-ufrag|ice-pwd|ice-options|fingerprint|setup|candidate|end-of-candidates|msid)\b.*\n")
ONCE = re.compile(r"a=(?:ice-ufrag|ice-pwd|fingerprint|setup):.*\n")


class NoDecoder:
    """Packets are forwarded: nobody looks at frames. aiortc's receiver still reports, and asks for what is missing."""

    def decode(self, _):
        return []


rtcrtpreceiver.get_decoder = lambda _: NoDecoder()


class Output:
    """What one viewer gets of one kind."""

    def __init__(self, line, keyframe_wanted, lose_every):
        self.line = line
        self.lose_every = lose_every if line.kind == "video" else 0
        self.keyframe_wanted = keyframe_wanted
        self.offsets = None
        self.history = {}
        line.sender._handle_rtcp_packet = self.handle_rtcp

    async def send(self, packet):
        if self.line.sender.transport.state != "connected":
            return
        if self.offsets is None:
            self.offsets = random.randrange(1 << 16) - packet.sequence_number, random.randrange(1 << 32) - packet.timestamp
        out = RtpPacket(
            payload_type=self.line._codecs[0].payloadType,
            marker=packet.marker,
            sequence_number=packet.sequence_number + self.offsets[0] & 0xFFFF,
            timestamp=packet.timestamp + self.offsets[1] & 0xFFFFFFFF,
            ssrc=self.line.sender._ssrc,
            payload=packet.payload,
        )
        out.extensions = HeaderExtensions(mid=self.line.mid)
        sealed = out.serialize(self.line.sender.transport._rtp_header_extensions_map)
        self.history[out.sequence_number % HISTORY] = out.sequence_number, sealed
        if not self.lose_every or out.sequence_number % self.lose_every:
            await self.transmit(sealed)

    async def transmit(self, data):
        try:
            await self.line.sender.transport._send_rtp(data)
        except ConnectionError:
            pass

    async def handle_rtcp(self, packet):
        if isinstance(packet, RtcpPsfbPacket) and packet.fmt == RTCP_PSFB_PLI:
            await self.keyframe_wanted()
        elif isinstance(packet, RtcpRtpfbPacket) and packet.fmt == RTCP_RTPFB_NACK:
            for number in packet.lost:
                kept, data = self.history.get(number % HISTORY, (None, b""))
                if kept == number:
                    await self.transmit(data)


class Stream:
    """A publisher's, and who watches it."""

    def __init__(self):
        self.outputs = {"audio": set(), "video": set()}
        self.camera = None

    def take(self, line):
        receiver, handle = line.receiver, line.receiver._handle_rtp_packet

        async def forward(packet, arrival_time_ms):
            if line.kind == "video":
                self.camera = receiver, packet.ssrc
            await handle(packet, arrival_time_ms=arrival_time_ms)
            for output in list(self.outputs[line.kind]):
                await output.send(packet)

        receiver._handle_rtp_packet = forward

    async def want_keyframe(self):
        if self.camera:
            receiver, ssrc = self.camera
            await receiver._send_rtcp_pli(ssrc)


class Server:
    def __init__(self, options):
        self.options = options
        self.streams = {}
        self.sessions = {}

    def app(self):
        app = web.Application()
        app.add_routes([web.post("/live/in", self.publish), web.post("/live/out", self.play), web.delete("/live/sessions/{id}", self.end)])
        return app

    def check(self, request):
        if request.headers.get("Authorization") != f"Bearer {self.options.token}":
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": "Bearer"}, text="A token is needed.\n")

    async def publish(self, request):
        self.check(request)
        stream = self.streams[request.query["stream"]] = Stream()
        connection, answer = await self.connect(request, "recvonly", stream.take)
        return await self.created(request, connection, answer, lambda session: f"../live/./sessions/{session}?of=in")

    async def play(self, request):
        self.check(request)
        stream = self.streams.get(request.query["stream"])
        if stream is None:
            raise web.HTTPConflict(text="Nobody publishes this.\n", headers={"Retry-After": "2"})
        mine = []

        def take(line):
            mine.append((line.kind, Output(line, stream.want_keyframe, self.options.lose_every)))

        connection, answer = await self.connect(request, "sendonly", take)

        @connection.on("connectionstatechange")
        async def changed():
            for kind, output in mine:
                if connection.connectionState == "connected":
                    stream.outputs[kind].add(output)
                else:
                    stream.outputs[kind].discard(output)
            if connection.connectionState == "connected":
                await stream.want_keyframe()

        base = f"{request.scheme}://{request.host}"
        return await self.created(request, connection, answer, lambda session: f"{base}/live/sessions/{session}")

    async def connect(self, request, direction, take):
        connection = RTCPeerConnection()
        await connection.setRemoteDescription(RTCSessionDescription(await request.text(), "offer"))
        for line in connection.getTransceivers():
            line.direction = direction
            wanted = {"audio": "audio/opus", "video": f"video/{self.options.codec}".lower()}[line.kind]
            line._codecs = [codec for codec in line._codecs if codec.mimeType.lower() == wanted][:1]
            take(line)
        await connection.setLocalDescription(await connection.createAnswer())
        return connection, connection.localDescription.sdp

    async def created(self, request, connection, answer, locate):
        session = secrets.token_urlsafe(12)
        self.sessions[session] = connection
        response = web.StreamResponse(
            status=201,
            headers={
                "Content-Type": "application/sdp; charset=utf-8",
                "Location": locate(session),
                "ETag": f'"{secrets.token_hex(4)}"',
                "Link": '<stun:stun.example.net>; rel="ice-server"',
            },
        )
        response.enable_chunked_encoding()
        await response.prepare(request)
        body = self.oddly(answer).encode()
        for at in range(0, len(body), 700):
            await response.write(body[at : at + 700])
        await response.write_eof()
        return response

    def oddly(self, answer):
        answer = answer.replace("\r\n", "\n")
        candidate = re.search(r"a=candidate:.*\n", answer)[0]
        once = "".join(dict.fromkeys(ONCE.findall(answer)))
        head, *lines = re.split(r"(?m)^(?=m=)", OWN_LINES.sub("", answer))
        nowhere = [
            "a=candidate:1 1 udp 2130706431 192.0.2.1 40000 typ host\n",
            "a=candidate:2 1 udp 2130706175 6b1f7a4e-55d0-4b40-a2a4-6a2b9f6d2f11.local 40000 typ host\n",
            "a=candidate:3 1 udp 2130705919 2001:db8::1 40000 typ host\n",
            f"a=candidate:4 1 tcp 1518280447 {self.options.address} 9 typ host tcptype passive\n",
        ]
        lines[0] += "".join(nowhere) + candidate + "a=end-of-candidates\n"
        return head + "a=ice-options:ice2\n" + once + "".join(lines)

    async def end(self, request):
        self.check(request)
        connection = self.sessions.pop(request.match_info["id"], None)
        if connection is None:
            raise web.HTTPNotFound()
        await connection.close()
        return web.Response(status=204)


async def main(options):
    runner = web.AppRunner(Server(options).app())
    await runner.setup()
    site = web.TCPSite(runner, options.address, 0)
    await site.start()
    print("ready", site._server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


parser = argparse.ArgumentParser()
parser.add_argument("address")
parser.add_argument("token")
parser.add_argument("--codec", default="VP8")
parser.add_argument("--lose-every", type=int, default=0)
asyncio.run(main(parser.parse_args()))
