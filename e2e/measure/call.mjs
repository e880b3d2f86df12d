// How long people wait, and what a call costs: the figures of docs/benchmarks.md. Run: `node e2e/measure/call.mjs [RUNS]`.
//   join:   click on join (capture running, a publisher live for 5 s, warm page) to requestVideoFrameCallback of the first remote frame
//   cold:   the same in a browser that was just started
//   direct: two RTCPeerConnections in one page of the same browser, offer to first frame: what the encoder alone costs here
//   switch: `view` of somebody else to the first frame of theirs
//   cost:   the server's CPU and memory in a call of four, from /proc
import { readFileSync } from 'node:fs';
import { launchChromium, Caller } from '../lib/chromium.mjs';
import { participantId, showColour, switchTo } from '../lib/colour.mjs';
import { Server } from '../lib/server.mjs';
import { until } from '../lib/until.mjs';

const runs = Number(process.argv[2] ?? 20);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function summary(name, values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))].toFixed(0);
  console.log(`${name.padEnd(10)} p50 ${at(0.5)} ms, p90 ${at(0.9)} ms, min ${sorted[0].toFixed(0)}, max ${sorted.at(-1).toFixed(0)} (${sorted.length} runs)`);
}

/** Milliseconds from the click to the first remote frame, taken in the page itself. */
async function clickToFrame(browser, server, room) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-US' });
  const page = await context.newPage();
  await page.addInitScript(() => {
    document.addEventListener('click', (event) => {
      if (event.target.closest('[data-testid="join-button"]')) window.__clicked = performance.now();
    }, true);
    const watch = () => {
      for (const video of document.querySelectorAll('[data-testid="tile"] video')) {
        if (video.__watched) continue;
        video.__watched = true;
        video.requestVideoFrameCallback(() => (window.__firstFrame ??= performance.now()));
      }
    };
    new MutationObserver(watch).observe(document, { childList: true, subtree: true });
  });
  await page.goto(`${server.url}/r/${room}?name=Late`);
  await until('the preview runs', () => page.evaluate(() => [...document.querySelectorAll('video')].some((video) => video.videoWidth > 0 && !video.paused)));
  await pause(1000);
  await page.getByTestId('join-button').click();
  const took = await until('the first frame', () => page.evaluate(() => window.__firstFrame && window.__firstFrame - window.__clicked));
  await context.close();
  return took;
}

async function direct(browser) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(server.url);
  const took = await page.evaluate(async () => {
    const stream = await navigator.mediaDevices.getUserMedia({ video: true, audio: true });
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const started = performance.now();
    const [a, b] = [new RTCPeerConnection(), new RTCPeerConnection()];
    a.onicecandidate = ({ candidate }) => b.addIceCandidate(candidate);
    b.onicecandidate = ({ candidate }) => a.addIceCandidate(candidate);
    const video = Object.assign(document.createElement('video'), { muted: true });
    document.body.append(video);
    b.ontrack = ({ track }) => {
      if (track.kind !== 'video') return;
      video.srcObject = new MediaStream([track]);
      void video.play();
    };
    for (const track of stream.getTracks()) a.addTrack(track, stream);
    const frame = new Promise((resolve) => video.requestVideoFrameCallback(() => resolve(performance.now() - started)));
    await a.setLocalDescription();
    await b.setRemoteDescription(a.localDescription);
    await b.setLocalDescription();
    await a.setRemoteDescription(b.localDescription);
    return frame;
  });
  await context.close();
  return took;
}

function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

const server = await Server.start();
let browser = await launchChromium();
const publisher = await Caller.join(browser, server, 'wait', 'Early', { prepare: showColour('#ff0000') });
await pause(5000);

const joins = [];
for (let run = 0; run < runs; run += 1) joins.push(await clickToFrame(browser, server, 'wait'));
summary('join', joins);

const directs = [];
for (let run = 0; run < Math.min(runs, 10); run += 1) directs.push(await direct(browser));
summary('direct', directs);

const second = await Caller.join(browser, server, 'wait', 'Second', { prepare: showColour('#00ff00') });
const viewer = await Caller.join(browser, server, 'wait', 'Viewer');
await viewer.seesMoving(2);
const ids = { red: await participantId(viewer.page, 'Early'), lime: await participantId(viewer.page, 'Second') };
const switches = [];
for (let run = 0; run <= runs; run += 1) {
  const colour = run % 2 === 0 ? 'red' : 'lime';
  const { milliseconds } = await switchTo(viewer.page, ids[colour], colour);
  if (run > 0) switches.push(milliseconds);
  await pause(300);
}
summary('switch', switches);

const fourth = await Caller.join(browser, server, 'wait', 'Fourth');
await fourth.seesMoving(3);
const [cpu, at] = [cpuSeconds(server.pid), Date.now()];
await pause(10_000);
const share = ((cpuSeconds(server.pid) - cpu) / ((Date.now() - at) / 1000)) * 100;
const memory = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1];
console.log(`cost       4 people, each sees 3: ${share.toFixed(1)} % of a core, ${(memory / 1024).toFixed(1)} MB resident`);

const colds = [];
for (let run = 0; run < 3; run += 1) {
  const cold = await launchChromium();
  colds.push(await clickToFrame(cold, server, 'wait'));
  await cold.close();
}
summary('cold', colds);
await browser.close();
await server.stop();
