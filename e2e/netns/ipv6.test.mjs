// Runs inside a network namespace that run.mjs made, with an IPv6 address that is not loopback.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Caller, launchChromium } from '../lib/chromium.mjs';
import { Server } from '../lib/server.mjs';

let browser;
let server;

before(async () => {
  server = await Server.start({ mediaHost: process.env.VISAVIS_NETNS_ADDRESS6 });
  browser = await launchChromium();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

test('a server bound to all addresses answers from the one that was asked', async (t) => {
  const announce = process.env.VISAVIS_NETNS_SECOND6;
  const everywhere = await Server.start({ mediaHost: '::', announce });
  t.after(() => everywhere.stop());
  const ann = await Caller.join(browser, everywhere, 'six', 'Ann');
  const ben = await Caller.join(browser, everywhere, 'six', 'Ben');
  await Promise.all([ann.seesMoving(1), ben.seesMoving(1)]);
  const remote = await ann.page.evaluate(async () => {
    const report = [...(await window.__visavis.client.peerConnection.getStats()).values()];
    const pair = report.find((entry) => entry.type === 'candidate-pair' && entry.nominated);
    return report.find((entry) => entry.id === pair.remoteCandidateId).address;
  });
  assert.match(remote, /fd77::2/);
  await ann.leave();
  await ben.leave();
});

test('two people see and hear each other over IPv6 alone', async () => {
  const ann = await Caller.join(browser, server, 'six', 'Ann');
  const ben = await Caller.join(browser, server, 'six', 'Ben');
  await Promise.all([ann.seesMoving(1), ben.seesMoving(1), ann.hears(), ben.hears()]);
  assert.deepEqual([...ann.errors, ...ben.errors], []);
});
