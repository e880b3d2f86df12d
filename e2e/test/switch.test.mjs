import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Caller, launchChromium } from '../lib/chromium.mjs';
import { participantId, showColour, switchTo } from '../lib/colour.mjs';
import { Server } from '../lib/server.mjs';

let browser;
let server;

before(async () => {
  [browser, server] = await Promise.all([launchChromium(), Server.start()]);
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

test('a viewer switches between two publishers through one slot and no SDP is exchanged', async () => {
  const red = await Caller.join(browser, server, 'switch', 'Red', { prepare: showColour('#ff0000') });
  const lime = await Caller.join(browser, server, 'switch', 'Lime', { prepare: showColour('#00ff00') });
  const viewer = await Caller.join(browser, server, 'switch', 'Viewer');
  await viewer.seesMoving(2);
  const ids = { red: await participantId(viewer.page, 'Red'), lime: await participantId(viewer.page, 'Lime') };
  const descriptions = await viewer.descriptions();

  const tracks = new Set();
  for (const colour of ['red', 'lime', 'red', 'lime']) {
    tracks.add((await switchTo(viewer.page, ids[colour], colour)).trackId);
  }

  assert.equal(tracks.size, 1, 'one slot showed them all');
  assert.equal(await viewer.descriptions(), descriptions);
  assert.deepEqual([...red.errors, ...lime.errors, ...viewer.errors], []);
});
