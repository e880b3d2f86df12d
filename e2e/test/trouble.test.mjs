import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { Caller, launchChromium } from '../lib/chromium.mjs';
import { startProxyWithoutUpgrades } from '../lib/proxy.mjs';
import { Server } from '../lib/server.mjs';
import { until } from '../lib/until.mjs';

let browser;
let server;

before(async () => {
  [browser, server] = await Promise.all([launchChromium(), Server.start()]);
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

test('where the WebSocket upgrade is refused, polling carries the call', async (t) => {
  const proxy = await startProxyWithoutUpgrades(server);
  t.after(() => proxy.close());
  const ann = await Caller.join(browser, proxy, 'polling', 'Ann');
  const ben = await Caller.join(browser, server, 'polling', 'Ben');
  await Promise.all([ann.seesMoving(1), ben.seesMoving(1)]);
  assert.ok(proxy.seen.upgradesRefused > 0 && proxy.seen.polls > 0, JSON.stringify(proxy.seen));
  await ann.leave();
  await ben.leave();
});

test('without offloads of the kernel and without ipsec-mb a call is the same', async (t) => {
  const plain = await Server.start({ args: ['--udp-offload', 'off', '--srtp-cipher', 'openssl'] });
  t.after(() => plain.stop());
  const ann = await Caller.join(browser, plain, 'plain', 'Ann');
  const ben = await Caller.join(browser, plain, 'plain', 'Ben');
  await Promise.all([ann.seesMoving(1), ben.seesMoving(1)]);
  assert.equal(await plain.metric('visavis_udp_offload'), 0);
  assert.match(await (await fetch(`${plain.url}/metrics`)).text(), /visavis_srtp_cipher\{name="OpenSSL"\} 1/i);
  await ann.leave();
  await ben.leave();
});

test('ten seconds of garbage at both ports leave a call undisturbed', async () => {
  const ann = await Caller.join(browser, server, 'garbage', 'Ann');
  const ben = await Caller.join(browser, server, 'garbage', 'Ben');
  await Promise.all([ann.seesMoving(1), ben.seesMoving(1)]);
  const [before, dropped] = [await ben.framesDecoded(), await server.metric('visavis_drops_total')];
  const started = Date.now();
  await Promise.all([floodDatagrams(server.mediaPort, 10_000, 10_000), floodConnections(server.httpPort, 500, 10_000)]);
  const seconds = (Date.now() - started) / 1000;

  const frames = (await ben.framesDecoded()) - before;
  const garbage = (await server.metric('visavis_drops_total')) - dropped;
  assert.ok(garbage > 5_000, `only ${garbage} datagrams of garbage came`);
  assert.ok(frames > seconds * 10, `${frames} frames in ${seconds} s`);
  assert.equal(await ben.page.getByTestId('connection-banner').count(), 0);
  await ann.seesMoving(1);
  await ann.leave();
  await ben.leave();
});

test('when the server is killed and started again, the page says so and comes back by itself', async () => {
  const ann = await Caller.join(browser, server, 'restart', 'Ann');
  const ben = await Caller.join(browser, server, 'restart', 'Ben');
  await Promise.all([ann.seesMoving(1), ben.seesMoving(1)]);

  await ben.page.evaluate(watchTiles);
  await server.stop('SIGKILL');
  await ben.page.getByTestId('connection-banner').waitFor();
  await server.start();

  await until('the banner is gone', async () => (await ben.page.getByTestId('connection-banner').count()) === 0, 30_000);
  await Promise.all([ann.seesMoving(1, 15, 30_000), ben.seesMoving(1, 15, 30_000)]);
  assert.deepEqual((await ben.tileNames()).sort(), ['Ann']);
  const { stills, avatars, states } = await ben.page.evaluate(() => window.__tiles);
  assert.ok(stills > 0 && avatars === 0, `the last picture stood ${stills} times, an avatar ${avatars} times: ${states}`);

  // The picture from before the restart does not come back once the present was there.
  await ben.page.evaluate(() => (window.__tiles = { stills: 0, avatars: 0, states: [] }));
  await ann.page.getByTestId('camera-button').click();
  await until("Ann's picture is gone", () => ben.page.evaluate(() => window.__tiles.avatars > 0));
  await ann.page.getByTestId('camera-button').click();
  await ben.seesMoving(1);
  assert.equal(await ben.page.evaluate(() => window.__tiles.stills), 0);
  await ann.leave();
  await ben.leave();
});

/** Counts what stands in a tile where no picture is. */
function watchTiles() {
  window.__tiles = { stills: 0, avatars: 0, states: [] };
  new MutationObserver(() => {
    const stills = document.querySelectorAll('[data-testid="tile"] [data-testid="still"]').length;
    const avatars = document.querySelectorAll('[data-testid="tile"] .cover').length;
    window.__tiles.stills += stills;
    window.__tiles.avatars += avatars;
    for (const { dataset } of document.querySelectorAll('[data-testid="tile"]')) {
      window.__tiles.states.push(`${Math.round(performance.now())} ${dataset.participantId} ${dataset.state}${stills > 0 ? ' still' : ''}${avatars > 0 ? ' avatar' : ''}`);
    }
  }).observe(document.body, { childList: true, subtree: true });
}

// At most 4,000 a second, so that the machine's own network stack is not what is tested. Both go on until there were enough, too: a busy
// machine needs longer for that.
async function floodDatagrams(port, count, durationMs) {
  const socket = createSocket('udp4');
  const deadline = Date.now() + durationMs;
  let sent = 0;
  while (Date.now() < deadline || sent < count) {
    for (let i = 0; i < 40; i += 1) {
      const datagram = randomBytes(1 + ((sent * 37) % 1400));
      // A third looks like STUN, a third like DTLS, a third like RTP (RFC 7983).
      datagram[0] = [0, 22, 0x80][sent % 3];
      socket.send(datagram, port, '127.0.0.1');
      sent += 1;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  socket.close();
}

async function floodConnections(port, count, durationMs) {
  const deadline = Date.now() + durationMs;
  const openings = ['', 'GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\n', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'];
  let made = 0;
  while (Date.now() < deadline || made < count) {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect').catch(() => {});
    socket.write(openings[made % openings.length]);
    socket.write(randomBytes(2000));
    setTimeout(() => socket.destroy(), 50);
    made += 1;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
