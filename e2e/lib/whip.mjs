// Pages that know nothing of Visavis: RTCPeerConnection and fetch, as any WHIP or WHEP client in a browser is made.
import http from 'node:http';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const others = fileURLToPath(new URL('../node_modules/whip-whep/', import.meta.url));

/** An empty page of another origin than the server's; beside it `whip.js` and `whep.js`, clients that others wrote. */
export async function serveForeignPage() {
  const server = http.createServer(({ url }, response) => {
    if (url.endsWith('.js')) {
      response.setHeader('Content-Type', 'text/javascript');
      response.end(readFileSync(others + url.slice(1)));
      return;
    }
    response.setHeader('Content-Type', 'text/html');
    response.end('<!doctype html><title>elsewhere</title><video id="video" muted playsinline autoplay></video>');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}

/** Publishes the fake camera and microphone; what the server answered, the location as an absolute URL. */
export function publish(page, endpoint, { audio = true, video = true, codec } = {}) {
  return page.evaluate(
    async ({ url, wanted, mimeType }) => {
      const connection = new RTCPeerConnection();
      const media = await navigator.mediaDevices.getUserMedia(wanted);
      for (const track of media.getTracks()) {
        const transceiver = connection.addTransceiver(track, { direction: 'sendonly', streams: [media] });
        if (track.kind === 'video' && mimeType) {
          const { codecs } = RTCRtpSender.getCapabilities('video');
          transceiver.setCodecPreferences(codecs.filter((one) => one.mimeType === mimeType));
        }
      }
      window.connection = connection;
      return window.exchange(connection, url);
    },
    { url: endpoint, wanted: { audio, video }, mimeType: codec },
  );
}

/**
 * Publishes a canvas of one colour at 30 frames a second. Frames leave only when they are drawn, so a test decides when the encoder
 * can answer a request for a keyframe: `window.paint('#rrggbb')` draws on in a colour, `window.paint(null)` draws nothing.
 */
export function publishPaint(page, endpoint, colour) {
  return page.evaluate(
    async ({ url, first }) => {
      const canvas = document.createElement('canvas');
      [canvas.width, canvas.height] = [320, 240];
      const pen = canvas.getContext('2d');
      const media = canvas.captureStream(0);
      const [track] = media.getVideoTracks();
      let fill = first;
      window.paint = (next) => (fill = next);
      setInterval(() => {
        if (!fill) return;
        pen.fillStyle = fill;
        pen.fillRect(0, 0, canvas.width, canvas.height);
        track.requestFrame();
      }, 33);
      window.connection = new RTCPeerConnection();
      window.connection.addTransceiver(track, { direction: 'sendonly', streams: [media] });
      return window.exchange(window.connection, url);
    },
    { url: endpoint, first: colour },
  );
}

/** The same by the client of `whip.js`, which trickles candidates by PATCH. */
export function publishByOthers(page, endpoint) {
  return page.evaluate(async (url) => {
    const { WHIPClient } = await import('/whip.js');
    const media = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
    window.connection = new RTCPeerConnection();
    for (const track of media.getTracks()) window.connection.addTransceiver(track, { direction: 'sendonly', streams: [media] });
    window.client = new WHIPClient();
    await window.client.publish(window.connection, url);
  }, endpoint);
}

/** Plays by the client of `whep.js`. */
export function playByOthers(page, endpoint) {
  return page.evaluate(async (url) => {
    const { WHEPClient } = await import('/whep.js');
    window.connection = new RTCPeerConnection();
    for (const kind of ['audio', 'video']) window.connection.addTransceiver(kind, { direction: 'recvonly' });
    window.client = new WHEPClient();
    await window.client.view(window.connection, url);
  }, endpoint);
}

/** The colour in the middle of what the page plays now. */
export function colourOfVideo(page) {
  return page.evaluate(() => {
    const video = document.getElementById('video');
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    const pen = canvas.getContext('2d');
    pen.drawImage(video, 0, 0);
    const [red, green, blue] = pen.getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data;
    return { red, green, blue };
  });
}

/**
 * Plays; `firstFrameMs` is measured from just before the POST to the first decoded frame that was shown, which must come within 10 s.
 * The element has its tracks before they have packets: a frame that is decoded before `ontrack` is shown to nobody, and of a picture that
 * stands still there is only one.
 */
export function play(page, endpoint, { audio = true, video = true } = {}) {
  return page.evaluate(
    async ({ url, wanted }) => {
      const connection = new RTCPeerConnection();
      const media = new MediaStream();
      for (const kind of wanted) media.addTrack(connection.addTransceiver(kind, { direction: 'recvonly' }).receiver.track);
      const element = document.getElementById('video');
      element.srcObject = media;
      window.connection = connection;
      await connection.setLocalDescription();
      const started = performance.now();
      const first = new Promise((resolve) => element.requestVideoFrameCallback(() => resolve(performance.now() - started)));
      const answer = await window.exchange(connection, url);
      if (answer.status !== 201) return answer;
      const late = new Promise((_, reject) => setTimeout(() => reject(new Error('no frame was shown within 10 s')), 10_000));
      return { ...answer, firstFrameMs: wanted.includes('video') ? await Promise.race([first, late]) : undefined };
    },
    { url: endpoint, wanted: [audio && 'audio', video && 'video'].filter(Boolean) },
  );
}

/**
 * What the page offers from now on says that it waits for the server's ClientHello, and names no header extensions: the browser takes
 * the answer, `active`, for its own offer of `actpass`, and is the DTLS server.
 */
export function offerLikeFfmpeg(page) {
  return page.evaluate(() => {
    window.rewriteOffer = (sdp) => sdp.replaceAll('a=setup:actpass', 'a=setup:passive').replace(/a=extmap:.*\r\n/g, '');
  });
}

/** To be given to the context before any page: offer, POST, answer. */
export function addExchange(page) {
  return page.addInitScript(() => {
    window.rewriteOffer = (sdp) => sdp;
    window.exchange = async (connection, url) => {
      if (!connection.localDescription) await connection.setLocalDescription();
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/sdp' },
        body: window.rewriteOffer(connection.localDescription.sdp),
      });
      const body = await response.text();
      const answer = { status: response.status, location: response.headers.get('Location'), etag: response.headers.get('ETag'), body };
      if (response.status === 201) {
        answer.location = new URL(answer.location, url).href;
        await connection.setRemoteDescription({ type: 'answer', sdp: body });
      }
      return answer;
    };
  });
}

/** DELETE from within the page, so that the browser's own rules about other origins hold. */
export function hangUp(page, location) {
  return page.evaluate(async (url) => (await fetch(url, { method: 'DELETE' })).status, location);
}

/** Of the page's DTLS: 'closed' once the server's close_notify has come. */
export function dtlsState(page) {
  return page.evaluate(() => window.connection.getSenders()[0].transport.state);
}

function rtpStats(page, type, kind) {
  return page.evaluate(
    async (wanted) => {
      const report = await window.connection.getStats();
      return [...report.values()].find((entry) => entry.type === wanted.type && entry.kind === wanted.kind) ?? {};
    },
    { type, kind },
  );
}

export const inbound = (page, kind) => rtpStats(page, 'inbound-rtp', kind);
export const outbound = (page, kind) => rtpStats(page, 'outbound-rtp', kind);
