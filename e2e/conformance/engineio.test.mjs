// Engine.IO on the wire: /engine.io/ sends every message back.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Polling, Wire, address, pause, until, within, PING_INTERVAL, PING_TIMEOUT, QUICK, SERVER } from './support.mjs';

const PATH = '/engine.io/';

describe('Engine.IO handshake', () => {
  it('answers a poll with the open packet', async () => {
    const response = await fetch(address(PATH, { transport: 'polling' }, { server: QUICK }));
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'text/plain; charset=UTF-8');
    const text = await response.text();
    assert.equal(text[0], '0');
    const { sid, ...rest } = JSON.parse(text.slice(1));
    assert.ok(typeof sid === 'string' && sid.length > 0);
    assert.deepEqual(rest, { upgrades: ['websocket'], pingInterval: 300, pingTimeout: 200, maxPayload: 1000000 });
  });

  it('opens a WebSocket with the open packet first, and offers no upgrade there', async () => {
    const wire = await Wire.open(PATH, { server: QUICK });
    const { sid, ...rest } = wire.handshake;
    assert.ok(typeof sid === 'string');
    assert.deepEqual(rest, { upgrades: [], pingInterval: 300, pingTimeout: 200, maxPayload: 1000000 });
    wire.close();
  });

  const refused = [
    ['no EIO', { EIO: undefined, transport: 'polling' }, 5, 'Unsupported protocol version'],
    ['a wrong EIO', { EIO: 'abc', transport: 'polling' }, 5, 'Unsupported protocol version'],
    ['no transport', {}, 0, 'Transport unknown'],
    ['an unknown transport', { transport: 'abc' }, 0, 'Transport unknown'],
    ['an unknown session', { transport: 'polling', sid: 'none' }, 1, 'Session ID unknown'],
  ];
  for (const [name, query, code, message] of refused) {
    it(`refuses a request with ${name}`, async () => {
      const response = await fetch(address(PATH, query));
      assert.equal(response.status, 400);
      assert.deepEqual(await response.json(), { code, message });
    });
  }

  it('refuses other methods', async () => {
    for (const method of ['POST', 'PUT']) {
      const response = await fetch(address(PATH, { transport: 'polling' }), { method });
      assert.equal(response.status, 400);
      assert.deepEqual(await response.json(), { code: 2, message: 'Bad handshake method' });
    }
  });

  it('refuses a WebSocket with bad or missing EIO or transport', async () => {
    for (const query of [{ EIO: undefined }, { EIO: 'abc' }, { transport: undefined }, { transport: 'abc' }]) {
      const wire = new Wire(PATH, { query });
      await assert.rejects(within(wire.opened, 'an answer'), /400/);
    }
  });

  it('leaves paths that are not its own to others', async () => {
    assert.equal((await fetch(new URL('/engine.io?EIO=4&transport=polling', SERVER))).status, 404);
    assert.equal((await fetch(new URL('/', SERVER))).status, 404);
  });

  it('listens on IPv4 and IPv6', async () => {
    for (const host of ['127.0.0.1', '[::1]']) {
      const url = address(PATH, { transport: 'polling' });
      url.host = `${host}:${SERVER.port}`;
      assert.equal((await fetch(url)).status, 200);
    }
  });

  it('allows every origin', async () => {
    const asked = { origin: 'http://example.org', 'access-control-request-method': 'POST' };
    const preflight = await fetch(address(PATH, { transport: 'polling' }), { method: 'OPTIONS', headers: asked });
    assert.equal(preflight.status, 204);
    assert.equal(preflight.headers.get('access-control-allow-origin'), '*');
    const response = await fetch(address(PATH, { transport: 'polling' }), { headers: { origin: 'http://example.org' } });
    assert.equal(response.headers.get('access-control-allow-origin'), '*');
    assert.equal(response.headers.get('cache-control'), 'no-store');
  });
});

describe('Engine.IO over polling', () => {
  it('carries text and bytes both ways', async () => {
    const session = await Polling.open(PATH);
    const response = await session.post('4hello');
    assert.equal(response.status, 200);
    assert.equal(await response.text(), 'ok');
    assert.deepEqual(await session.receive(), ['4hello']);
    await session.post('4one\x1ebAQIDBA==\x1e4täst€😀');
    let packets = [];
    while (packets.length < 3) packets = packets.concat(await session.receive());
    assert.deepEqual(packets, ['4one', 'bAQIDBA==', '4täst€😀']);
  });

  it('answers a poll that waits already', async () => {
    const session = await Polling.open(PATH);
    const waiting = session.receive();
    await session.post('4late');
    assert.deepEqual(await waiting, ['4late']);
  });

  it('closes the session for an invalid packet', async () => {
    for (const body of ['abc', '4one\x1e', '', '4one\x1e\x1e4two']) {
      const session = await Polling.open(PATH);
      await session.post(body).catch(() => {});
      assert.equal((await session.get()).status, 400, JSON.stringify(body));
    }
  });

  it('refuses bytes as the body of a post', async () => {
    const session = await Polling.open(PATH);
    const headers = { 'content-type': 'application/octet-stream' };
    assert.equal((await session.post('4x', { headers })).status, 400);
    assert.equal((await session.get()).status, 400);
  });

  it('closes the session for a second poll at the same time', async () => {
    const session = await Polling.open(PATH);
    const both = await Promise.all([session.get(), session.get()]);
    const [first, second] = both.sort((a, b) => a.status - b.status);
    assert.equal(first.status, 200);
    assert.equal(await first.text(), '1');
    assert.equal(second.status, 400);
    assert.equal((await session.get()).status, 400);
  });

  it('closes the session when a waiting poll is given up', async () => {
    const session = await Polling.open(PATH);
    const given_up = new AbortController();
    const poll = session.get({ signal: given_up.signal });
    await pause(100);
    given_up.abort();
    await assert.rejects(poll);
    // A post, because a second poll would end the session, too.
    await until('the session is closed', async () => (await session.post('4x')).status === 400);
  });

  it('closes the session when asked, and lets go the poll that waits', async () => {
    const session = await Polling.open(PATH);
    const poll = session.get();
    await pause(100);
    assert.equal((await session.post('1')).status, 200);
    const answer = await poll;
    assert.equal(answer.status, 200);
    assert.equal(await answer.text(), '6');
    assert.equal((await session.get()).status, 400);
  });

  it('refuses what is larger than maxPayload, and lives on', async () => {
    const session = await Polling.open(PATH);
    assert.equal((await session.post('4' + 'x'.repeat(1000000))).status, 413);
    assert.equal((await session.post('4' + 'x'.repeat(999999))).status, 200);
    assert.equal((await session.receive())[0].length, 1000000);
  });

  it('pings, and ends a session that does not answer', async () => {
    const begun = Date.now();
    const session = await Polling.open(PATH, QUICK);
    assert.equal(await (await session.get()).text(), '2');
    assert.ok(Date.now() - begun > PING_INTERVAL - 10);
    await until('the session is ended', async () => (await within(session.get(), 'an answer')).status === 400);
    assert.ok(Date.now() - begun > PING_INTERVAL + PING_TIMEOUT - 10);
  });
});

describe('Engine.IO over WebSocket', () => {
  it('carries text and bytes both ways', async () => {
    const wire = await Wire.open(PATH);
    wire.send('4hello', Buffer.from([1, 2, 3, 4]), '4täst€😀', '4');
    assert.equal(await wire.receive(), '4hello');
    assert.deepEqual(await wire.receive(), Buffer.from([1, 2, 3, 4]));
    assert.equal(await wire.receive(), '4täst€😀');
    assert.equal(await wire.receive(), '4');
    wire.close();
  });

  it('takes base64 text as bytes', async () => {
    const wire = await Wire.open(PATH);
    wire.send('bAQIDBA==');
    assert.deepEqual(await wire.receive(), Buffer.from([1, 2, 3, 4]));
    wire.close();
  });

  it('refuses requests that ask for no upgrade, and lives on', async () => {
    const wire = await Wire.open(PATH);
    const { sid } = wire.handshake;
    for (const [method, body] of [['GET'], ['POST', '4x']]) {
      for (const transport of ['websocket', 'polling']) {
        const response = await within(fetch(address(PATH, { transport, sid }), { method, body }), 'an answer');
        assert.equal(response.status, 400);
        assert.deepEqual(await response.json(), { code: 3, message: 'Bad request' });
      }
    }
    wire.send('4still here');
    assert.equal(await wire.receive(), '4still here');
    wire.close();
  });

  it('pings again and again', async () => {
    const wire = await Wire.open(PATH, { raw: true, server: QUICK });
    for (let i = 0; i < 3; ++i) {
      assert.equal(await wire.receive(), '2');
      wire.send('3');
    }
    wire.close();
  });

  it('ends a session that does not answer a ping', async () => {
    const wire = await Wire.open(PATH, { raw: true, server: QUICK });
    assert.equal(await wire.expectClosed(), 1005);
  });

  for (const packet of ['abc', '', '2', '2probe', '8']) {
    it(`closes for the packet ${JSON.stringify(packet)}`, async () => {
      const wire = await Wire.open(PATH);
      wire.send(packet);
      assert.equal(await wire.expectClosed(), 1005);
    });
  }

  it('closes when asked', async () => {
    const wire = await Wire.open(PATH);
    wire.send('1');
    await wire.expectClosed();
  });

  it('tolerates a pong, an open, an upgrade and a noop that nobody asked for', async () => {
    const wire = await Wire.open(PATH);
    wire.send('3', '0', '5', '6', '4still here');
    assert.equal(await wire.receive(), '4still here');
    wire.close();
  });

  it('closes for a frame larger than maxPayload with code 1009', async () => {
    const wire = await Wire.open(PATH);
    wire.send('4' + 'x'.repeat(1000000));
    assert.equal(await wire.expectClosed(), 1009);
  });
});

describe('Engine.IO upgrade', () => {
  async function probe(session) {
    const wire = new Wire(PATH, { query: { sid: session.sid } });
    await within(wire.opened, 'the WebSocket');
    wire.send('2probe');
    assert.equal(await wire.receive(), '3probe');
    return wire;
  }

  it('moves a session to WebSocket with the poll that waits let go at once', async () => {
    const waits = [];
    for (let round = 0; round < 5; ++round) {
      const session = await Polling.open(PATH);
      const poll = session.get();
      await pause(50);
      const wire = await probe(session);
      const asked = Date.now();
      assert.equal(await (await poll).text(), '6');
      waits.push(Date.now() - asked);
      wire.send('5', '4hello');
      assert.equal(await wire.receive(), '4hello');
      wire.close();
    }
    assert.ok(Math.min(...waits) < 90, `${waits} ms; Node waits for 100 ms`);
  });

  it('lets polls go while the probe runs, and sends what waits after it', async () => {
    const session = await Polling.open(PATH);
    const wire = await probe(session);
    assert.equal(await (await within(session.get(), 'a noop')).text(), '6');
    assert.equal((await session.post('4early')).status, 200);
    wire.send('5');
    assert.equal(await wire.receive(), '4early');
    wire.close();
  });

  it('refuses polls after it', async () => {
    const session = await Polling.open(PATH);
    const wire = await probe(session);
    wire.send('5', '4x');
    assert.equal(await wire.receive(), '4x');
    assert.equal((await session.get()).status, 400);
    assert.equal((await session.post('4x')).status, 400);
    wire.send('4y');
    assert.equal(await wire.receive(), '4y');
    wire.close();
  });

  it('closes a second WebSocket and leaves the first', async () => {
    const session = await Polling.open(PATH);
    const wire = await probe(session);
    wire.send('5', '4x');
    assert.equal(await wire.receive(), '4x');
    const second = new Wire(PATH, { query: { sid: session.sid } });
    second.opened.then(() => second.send('2probe'), () => {});
    await second.expectClosed();
    wire.send('4y');
    assert.equal(await wire.receive(), '4y');
    wire.close();
  });

  it('that fails leaves polling in use', async () => {
    const session = await Polling.open(PATH);
    const wire = await probe(session);
    wire.close();
    await pause(20);
    await session.post('4still');
    let packets = [];
    while (!packets.includes('4still')) packets = await session.receive();
  });
});
