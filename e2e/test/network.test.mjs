// What a bad network between the browsers and the server does to a call.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Caller, launchChromium } from '../lib/chromium.mjs';
import { Relay, relayAddress } from '../lib/relay.mjs';
import { Server } from '../lib/server.mjs';
import { until } from '../lib/until.mjs';

let browser;
let server;
let relay;
let ann;
let ben;

before(async () => {
  [browser, server] = await Promise.all([launchChromium(), Server.start({ announce: relayAddress })]);
  relay = await Relay.start(server.mediaPort);
  [ann, ben] = await Promise.all(['Ann', 'Ben'].map((name) => Caller.join(browser, server, 'network', name)));
  await Promise.all([ann.seesMoving(1), ben.seesMoving(1)]);
});

after(async () => {
  await browser?.close();
  await server?.stop();
  relay?.close();
});

const figures = async (caller) => (await caller.inbound('video')).find((entry) => entry.framesDecoded > 0);

test('where a tenth of all datagrams is lost, pictures go on and are repaired', async (t) => {
  const resent = () => server.metric('visavis_retransmissions_total', { direction: 'out' });
  const start = await figures(ann);
  const before = { resent: await resent(), ...relay.seen };
  t.after(() => (relay.loss = 0));
  relay.loss = 0.1;
  let end;
  await until('a third of the frames of 12 s are decoded', async () => (end = await figures(ann)).framesDecoded - start.framesDecoded >= 120, 12_000);
  relay.loss = 0;
  const lost = relay.seen.lost - before.lost;
  const share = lost / (lost + relay.seen.carried - before.carried);
  assert.ok(share > 0.07 && share < 0.13, `the relay lost ${lost} datagrams, a share of ${share}`);
  assert.ok(end.packetsLost > start.packetsLost, 'the browser missed nothing');
  assert.ok(end.nackCount > start.nackCount, 'nothing was asked for again');
  assert.ok((await resent()) > before.resent, 'nothing was sent again');
});

test('media that is cut is told of, and comes back by itself', async (t) => {
  t.after(() => (relay.cut = false));
  relay.cut = true;
  await ann.page.getByTestId('connection-banner').waitFor({ timeout: 12_000 });
  relay.cut = false;
  await Promise.all([ann.seesMoving(1, 15, 20_000), ben.seesMoving(1, 15, 20_000)]);
  await until('the banner is gone', async () => (await ann.page.getByTestId('connection-banner').count()) === 0, 20_000);
});

test('who gets no media at all from the beginning is told so, and gets it once the way is open', async (t) => {
  t.after(() => (relay.cut = false));
  relay.cut = true;
  const cat = await Caller.join(browser, server, 'network', 'Cat');
  await cat.page.getByTestId('connection-banner').waitFor({ timeout: 15_000 });
  relay.cut = false;
  await cat.seesMoving(2, 5, 30_000);
  await cat.leave();
});
