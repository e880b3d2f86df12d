// Pages that know nothing of Visavis: RTCPeerConnection and fetch, as any WHIP or WHEP client in a browser is made.
import http from 'node:http';
import { once } from 'node:events';

/** An empty page of another origin than the server's. */
export async function serveForeignPage() {
  const server = http.createServer((_, response) => {
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

/** Plays; `firstFrameMs` is measured from just before the POST to the first decoded frame that was shown. */
export function play(page, endpoint, { audio = true, video = true } = {}) {
  return page.evaluate(
    async ({ url, wanted }) => {
      const connection = new RTCPeerConnection();
      const media = new MediaStream();
      for (const kind of wanted) connection.addTransceiver(kind, { direction: 'recvonly' });
      connection.ontrack = ({ track }) => media.addTrack(track);
      const element = document.getElementById('video');
      element.srcObject = media;
      window.connection = connection;
      await connection.setLocalDescription();
      const started = performance.now();
      const first = new Promise((resolve) => element.requestVideoFrameCallback(() => resolve(performance.now() - started)));
      const answer = await window.exchange(connection, url);
      if (answer.status !== 201) return answer;
      return { ...answer, firstFrameMs: wanted.includes('video') ? await first : undefined };
    },
    { url: endpoint, wanted: [audio && 'audio', video && 'video'].filter(Boolean) },
  );
}

/** To be given to the context before any page: offer, POST, answer. */
export function addExchange(page) {
  return page.addInitScript(() => {
    window.exchange = async (connection, url) => {
      if (!connection.localDescription) await connection.setLocalDescription();
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/sdp' },
        body: connection.localDescription.sdp,
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

export function inbound(page, kind) {
  return page.evaluate(async (wanted) => {
    const report = await window.connection.getStats();
    return [...report.values()].find((entry) => entry.type === 'inbound-rtp' && entry.kind === wanted) ?? {};
  }, kind);
}
