// Another make of WebRTC at either end: aiortc against our server, visavis-load against a server on aiortc. Runs inside a
// network namespace that run.mjs made, for aiortc announces no loopback address.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Caller, launchChromium } from '../lib/chromium.mjs';
import { ForeignClient, Python } from '../lib/python.mjs';
import { Server, loadProgram } from '../lib/server.mjs';

const address = process.env.VISAVIS_NETNS_ADDRESS;
const token = 'secret';
let server;

before(async () => {
  server = await Server.start({ mediaHost: address });
});

after(async () => {
  await server?.stop();
});

/** As it was painted: in Y, U and V. */
function isRed([luma, blue, red]) {
  return luma > 60 && luma < 110 && blue < 110 && red > 200;
}

async function seesAndHears(player, frames = 30) {
  const { width, height, colour } = await player.event(`${frames} frames`, ({ video }) => video >= frames);
  assert.deepEqual({ width, height }, { width: 320, height: 240 });
  assert.ok(isRed(colour), `${colour}`);
  await player.event('a tone', ({ audio, loudness }) => audio >= frames && loudness > 4000);
}

for (const [codec, direction] of [
  ['VP8', 'only one way'],
  ['H264', 'sendrecv'],
]) {
  test(`aiortc plays what aiortc publishes: ${codec}, offered ${direction}`, async (t) => {
    const offer = direction === 'sendrecv' ? ['--direction', direction] : [];
    const camera = new ForeignClient('publish', `${server.url}/whip/${codec}/Cam`, '--codec', codec, ...offer);
    t.after(() => camera.kill());
    await camera.connects();
    const player = new ForeignClient('play', `${server.url}/whep/${codec}/Cam`, ...offer);
    t.after(() => player.kill());
    await player.connects();
    await seesAndHears(player);
    assert.equal(await player.hangUp(), 200);
    assert.equal(await camera.hangUp(), 200);
    assert.equal(await server.metric('visavis_whip_sessions'), 0);
  });
}

test('a caller sees and hears what aiortc publishes, and aiortc plays the caller', async (t) => {
  const browser = await launchChromium();
  t.after(() => browser.close());
  const ann = await Caller.join(browser, server, 'mixed', 'Ann');
  const camera = new ForeignClient('publish', `${server.url}/whip/mixed/Cam`);
  t.after(() => camera.kill());
  await camera.connects();
  await Promise.all([ann.seesMoving(1), ann.hears()]);
  const player = new ForeignClient('play', `${server.url}/whep/mixed/Ann`);
  t.after(() => player.kill());
  await player.connects();
  await player.event('her frames', ({ video }) => video >= 30);
  await player.event('her beeps', ({ loudness }) => loudness > 1000);
  assert.deepEqual(ann.errors, []);
});

async function startForeignServer(t, ...args) {
  const foreign = new Python('server.py', [address, token, ...args]);
  t.after(() => foreign.kill());
  const port = await foreign.told('its port', (line) => /^ready (\d+)$/.exec(line)?.[1]);
  const url = (way) => `http://${address}:${port}/live/${way}?stream={room}/{name}`;
  return { pid: foreign.pid, urls: ['--whip', url('in'), '--whep', url('out'), '--allow-remote'] };
}

function runLoad(...args) {
  return new Promise((resolve) => {
    execFile(loadProgram, [...args, '--quiet'], { timeout: 40_000 }, (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stdout, stderr }));
  });
}

async function measure(t, ...args) {
  const work = await mkdtemp(path.join(os.tmpdir(), 'visavis-interop-'));
  t.after(() => rm(work, { recursive: true }));
  const file = path.join(work, 'out.json');
  const { code, stderr } = await runLoad('broadcast', '--bitrate', '300000', '--lead', '0.5', '--settle', '0.5', '--json', file, ...args);
  assert.equal(code, 0, stderr);
  return JSON.parse(await readFile(file)).results[0];
}

test('visavis-load measures a server of another make', async (t) => {
  const { pid, urls } = await startForeignServer(t);
  const result = await measure(t, ...urls, '--token', token, '--viewers', '5', '--duration', '2', '--server-pid', `${pid}`);
  assert.deepEqual({ viewers: result.viewers, failed: result.failed, withoutFrames: result.withoutFrames }, { viewers: 5, failed: 0, withoutFrames: 0 });
  assert.deepEqual({ loss: result.loss, missing: result.missing, breaks: result.breaks }, { loss: 0, missing: 0, breaks: 0 });
  assert.equal(result.firstFrameMs.count, 5);
  assert.ok(result.framesSent >= 5 * 50 && result.framesCompleted >= result.framesSent - 10, `${result.framesCompleted} of ${result.framesSent} frames`);
  assert.ok(result.latencyMs.count > 500 && result.latencyMs.p50 > 0 && result.latencyMs.p50 < 100, JSON.stringify(result.latencyMs));
  assert.ok(result.server.cpuPerPacketUs > 0 && result.server.residentAfter > 10e6, JSON.stringify(result.server));
});

test('visavis-load asks a server without RTX for what was lost, and counts it', async (t) => {
  const { urls } = await startForeignServer(t, '--codec', 'H264', '--lose-every', '10');
  const result = await measure(t, ...urls, '--token', token, '--codec', 'h264', '--viewers', '3', '--duration', '2');
  const lost = (result.video.expected - result.video.received) / result.video.expected;
  assert.ok(lost > 0.08 && lost < 0.12, `lost ${lost}`);
  assert.ok(result.missing < 0.01, `${result.missing} stayed lost`);
  assert.ok(result.framesCompleted >= result.framesSent - 9, `${result.framesCompleted} of ${result.framesSent} frames`);
});

test('visavis-load says in one line why a server of another make does not do', async (t) => {
  const { urls } = await startForeignServer(t, '--codec', 'H264');
  for (const [args, line] of [
    [['--token', 'guessed'], 'visavis-load: a publisher failed: HTTP 401: A token is needed.\n'],
    [['--token', token], 'visavis-load: a publisher failed: the answer takes no VP8: see --codec\n'],
  ]) {
    const { code, stderr } = await runLoad('broadcast', '--viewers', '1', ...urls, ...args);
    assert.deepEqual({ code, stderr }, { code: 1, stderr: line });
  }
});
