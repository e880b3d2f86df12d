// Runs inside a network namespace that run.mjs made: Firefox makes no call to a loopback candidate.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Caller, launchChromium } from '../lib/chromium.mjs';
import { FirefoxCaller, launchFirefox } from '../lib/firefox.mjs';
import { Server } from '../lib/server.mjs';

let chromium;
let firefox;
let server;

before(async () => {
  server = await Server.start({ mediaHost: process.env.VISAVIS_NETNS_ADDRESS });
  [chromium, firefox] = await Promise.all([launchChromium(), launchFirefox()]);
});

after(async () => {
  await Promise.all([chromium?.close(), firefox?.close()]);
  await server?.stop();
});

test('Chromium and Firefox see and hear each other', async () => {
  const ann = await Caller.join(chromium, server, 'two-kinds', 'Ann');
  const fay = await FirefoxCaller.join(firefox, server, 'two-kinds', 'Fay');
  await Promise.all([ann.seesMoving(1), fay.seesMoving(1), ann.hears(), fay.hears()]);
  assert.deepEqual(ann.errors, []);
  assert.deepEqual(fay.errors, []);
});
