import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { Caller, launchChromium } from '../lib/chromium.mjs';
import { Server, loadProgram } from '../lib/server.mjs';
import { until } from '../lib/until.mjs';
import {
  addExchange,
  colourOfVideo,
  dtlsState,
  hangUp,
  inbound,
  offerLikeFfmpeg,
  outbound,
  play,
  playByOthers,
  publish,
  publishByOthers,
  publishPaint,
  serveForeignPage,
} from '../lib/whip.mjs';

let browser;
let server;
let foreign;

before(async () => {
  [browser, server, foreign] = await Promise.all([launchChromium(), Server.start(), serveForeignPage()]);
});

after(async () => {
  await browser?.close();
  await server?.stop();
  foreign?.close();
});

async function open() {
  const context = await browser.newContext();
  await addExchange(context);
  const page = await context.newPage();
  await page.goto(foreign.url);
  return page;
}

async function framesGrow(page, count = 15) {
  const start = (await inbound(page, 'video')).framesDecoded ?? 0;
  await until(`${count} more frames are decoded`, async () => ((await inbound(page, 'video')).framesDecoded ?? 0) >= start + count);
}

test('a page of another origin publishes over WHIP, another plays it over WHEP, and a call page sees its tile moving', async () => {
  const watcher = await Caller.join(browser, server, 'studio', 'Watcher');
  const camera = await open();
  const published = await publish(camera, `${server.url}/whip/studio/Cam%201`);
  assert.equal(published.status, 201, published.body);
  assert.ok(published.location.startsWith(`${server.url}/whip/studio/Cam%201/`));
  assert.match(published.etag, /^"[A-Za-z0-9+/]+"$/);
  await watcher.tile('Cam 1').waitFor();
  await Promise.all([watcher.seesMoving(1), watcher.hears()]);

  const player = await open();
  const played = await play(player, `${server.url}/whep/studio/Cam%201`);
  assert.equal(played.status, 201, played.body);
  await framesGrow(player);
  await until('sound arrives', async () => ((await inbound(player, 'audio')).packetsReceived ?? 0) > 50);
  assert.equal(await server.metric('visavis_whip_sessions', { role: 'player' }), 1);
  assert.deepEqual(await watcher.tileNames(), ['Cam 1'], 'a player is nobody');

  // A second player comes right after the first, whose coming made the run fresh.
  const second = await open();
  const again = await play(second, `${server.url}/whep/studio/Cam%201`);
  assert.ok(again.firstFrameMs < 1_000, `first frame after ${again.firstFrameMs} ms`);
  assert.equal(await hangUp(second, again.location), 200);
  assert.equal(await hangUp(second, again.location), 404);
  await framesGrow(player);

  assert.equal(await hangUp(camera, published.location), 200);
  await until('the browser hears that its session has ended', async () => (await dtlsState(camera)) === 'closed');
  await until('the tile is gone', async () => (await watcher.tileNames()).length === 0);
  assert.equal(await server.metric('visavis_whip_sessions'), 0);
  assert.equal((await play(await open(), `${server.url}/whep/studio/Cam%201`)).status, 404);
  assert.deepEqual(watcher.errors, []);
  await watcher.leave();
});

test('a caller of the page is played over WHEP, and a name that is taken is refused over WHIP', async () => {
  const ann = await Caller.join(browser, server, 'hall', 'Ann');
  const player = await open();
  const played = await play(player, `${server.url}/whep/hall/Ann`);
  assert.equal(played.status, 201, played.body);
  await framesGrow(player);
  const other = await publish(await open(), `${server.url}/whip/hall/Ann`);
  assert.equal(other.status, 409);
  await ann.page.getByTestId('leave-button').click();
  await until("the player's session has ended", async () => (await server.metric('visavis_whip_sessions', { role: 'player' })) === 0);
  await ann.leave();
});

test('H.264 alone is published over WHIP, and video alone is played', async () => {
  const camera = await open();
  const published = await publish(camera, `${server.url}/whip/green/Cam`, { codec: 'video/H264' });
  assert.equal(published.status, 201, published.body);
  assert.ok(!published.body.includes('VP8'));
  const player = await open();
  const played = await play(player, `${server.url}/whep/green/Cam`, { audio: false });
  assert.equal(played.status, 201, played.body);
  await framesGrow(player);
  assert.equal(await hangUp(camera, published.location), 200);
});

test('browsers that leave the ClientHello to the server, and offer no extensions, publish and play', async () => {
  const camera = await open();
  await offerLikeFfmpeg(camera);
  const published = await publish(camera, `${server.url}/whip/waiting/Cam`, { codec: 'video/H264' });
  assert.equal(published.status, 201, published.body);
  assert.ok(published.body.includes('a=setup:active') && !published.body.includes('a=extmap:'), published.body);
  const player = await open();
  await offerLikeFfmpeg(player);
  const played = await play(player, `${server.url}/whep/waiting/Cam`);
  assert.equal(played.status, 201, played.body);
  assert.ok(played.body.includes('a=setup:active'), played.body);
  await framesGrow(player, 60);
  await until('sound arrives', async () => ((await inbound(player, 'audio')).packetsReceived ?? 0) > 50);
  const role = (page) => page.evaluate(async () => [...(await window.connection.getStats()).values()].find(({ type }) => type === 'transport').dtlsRole);
  assert.deepEqual([await role(camera), await role(player)], ['server', 'server']);
  assert.equal(await hangUp(camera, published.location), 200);
  await until('the browser hears that its session has ended', async () => (await dtlsState(camera)) === 'closed');
});

test('the WHIP and WHEP clients of others publish, play, and end what they began', async () => {
  const faults = [];
  const [camera, player] = await Promise.all([open(), open()]);
  for (const page of [camera, player]) page.on('pageerror', (error) => faults.push(error.message));
  const patched = camera.waitForResponse((response) => response.request().method() === 'PATCH');
  await publishByOthers(camera, `${server.url}/whip/others/Cam`);
  await playByOthers(player, `${server.url}/whep/others/Cam`);
  await framesGrow(player);
  await until('sound arrives', async () => ((await inbound(player, 'audio')).packetsReceived ?? 0) > 50);
  assert.equal((await patched).status(), 405, 'they do without trickle');
  for (const page of [player, camera]) await page.evaluate(() => window.client.stop());
  await until('both sessions have ended', async () => (await server.metric('visavis_whip_sessions')) === 0);
  assert.deepEqual(faults, []);
});

for (const kind of [['--codec', 'vp8'], ['--codec', 'h264'], ['--publisher', 'ffmpeg']]) {
  test(`a browser decodes what visavis-load ${kind.join(' ')} publishes`, async (t) => {
    const publishers = () => server.metric('visavis_whip_sessions', { role: 'publisher' });
    const before = await publishers();
    const load = spawn(loadProgram, ['broadcast', ...kind, '--over', 'whip', '--viewers', '1', '--duration', '60', '--quiet', '--server', server.url], { stdio: 'ignore' });
    const ended = once(load, 'exit');
    t.after(() => (load.kill(), ended));
    await until('it publishes', async () => (await publishers()) === before + 1);
    const player = await open();
    assert.equal((await play(player, `${server.url}/whep/load-0/publisher-0`)).status, 201);
    await framesGrow(player, 60);
    const { frameWidth, pliCount } = await inbound(player, 'video');
    assert.deepEqual({ frameWidth, pliCount }, { frameWidth: 160, pliCount: 0 });
  });
}

test('a publisher whom nobody watches is asked for keyframes, so that the first player need not wait for one', async () => {
  const camera = await open();
  assert.equal((await publishPaint(camera, `${server.url}/whip/alone/Cam`, '#ff0000')).status, 201);
  const player = await open();
  // Three requests, 1.5 s apart: longer than any keyframe is shown.
  await until('it was asked three times', async () => ((await outbound(camera, 'video')).pliCount ?? 0) >= 3);
  const { keyFramesEncoded } = await outbound(camera, 'video');
  assert.ok(keyFramesEncoded >= 3, `${keyFramesEncoded} keyframes`);
  await camera.evaluate(() => window.paint(null));

  const played = await play(player, `${server.url}/whep/alone/Cam`, { audio: false });
  assert.equal(played.status, 201, played.body);
  const { red, blue } = await colourOfVideo(player);
  assert.ok(red > 200 && blue < 60, `red ${red}, blue ${blue}`);

  await camera.evaluate(() => window.paint('#0000ff'));
  await framesGrow(player, 30);
  const { pliCount } = await outbound(camera, 'video');
  await framesGrow(player, 75);
  assert.equal((await outbound(camera, 'video')).pliCount, pliCount, 'who is watched is left alone');
});

test('a player of a stale stream sees its keyframe before the publisher has encoded another, and then the present', async () => {
  const red = ({ red, blue }) => red > 200 && blue < 60;
  const blue = ({ red, blue }) => red < 60 && blue > 200;
  // All pages are open before there is a keyframe: it is shown as a still until it is 4 s old, and its age counts from when it is first seen below.
  const [camera, watcher, player] = [await open(), await open(), await open()];
  assert.equal((await publishPaint(camera, `${server.url}/whip/still/Cam`, '#ff0000')).status, 201);
  // Somebody watches, so that the publisher is not asked for keyframes.
  assert.equal((await play(watcher, `${server.url}/whep/still/Cam`, { audio: false })).status, 201);
  const stills = await server.metric('visavis_stills_total');
  // The encoder makes some keyframes by itself while it finds its size and rate.
  let last = { keyframes: 0, at: Date.now() };
  await until('the newest keyframe is stale', async () => {
    const { keyFramesEncoded = 0 } = await outbound(camera, 'video');
    if (keyFramesEncoded !== last.keyframes) last = { keyframes: keyFramesEncoded, at: Date.now() };
    return keyFramesEncoded > 0 && Date.now() - last.at > 2100;
  });
  await camera.evaluate(() => window.paint(null));

  const played = await play(player, `${server.url}/whep/still/Cam`, { audio: false });
  assert.equal(played.status, 201, played.body);
  assert.ok(red(await colourOfVideo(player)), JSON.stringify(await colourOfVideo(player)));
  const waiting = await inbound(player, 'video');
  assert.equal(waiting.framesDecoded, 1, 'nothing but the still');
  assert.equal(await server.metric('visavis_stills_total'), stills + 1);

  await camera.evaluate(() => window.paint('#0000ff'));
  await framesGrow(player, 60);
  assert.ok(blue(await colourOfVideo(player)), JSON.stringify(await colourOfVideo(player)));
  const live = await inbound(player, 'video');
  assert.equal(live.keyFramesDecoded, 2);
  assert.equal(live.freezeCount, 0);
  assert.equal(live.pliCount, 0);
  assert.equal((await outbound(camera, 'video')).keyFramesEncoded, last.keyframes + 1);
});
