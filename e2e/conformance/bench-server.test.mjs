// The server that load tools measure answers exactly as Node's does with the same handlers.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { clients, event, startExample, until, Wire, within } from './support.mjs';

describe('bench_server', () => {
  let server;
  const { connected, end } = (() => {
    const made = clients(() => server.address);
    return { connected: (options) => made.connected('/', { transports: ['websocket'], ...options }), end: made.end };
  })();
  before(async () => (server = await startExample('bench_server')));
  after(async () => {
    end();
    assert.equal(await server?.stop(), 0);
  });

  it('listens on 127.0.0.1 and on ::1', async () => {
    for (const host of ['127.0.0.1', '[::1]']) {
      const wire = await Wire.open('/socket.io/', { server: new URL(`http://${host}:${server.port}`) });
      wire.close();
    }
  });

  it('echo acks the data, bytes too, over both transports', async () => {
    for (const transports of [['websocket'], ['polling']]) {
      const socket = await connected({ transports });
      assert.deepEqual(await within(socket.emitWithAck('echo', { a: [1, 'x'] }), 'an ack'), { a: [1, 'x'] });
      assert.deepEqual(Buffer.from(await socket.emitWithAck('echo', Buffer.alloc(64, 7))), Buffer.alloc(64, 7));
    }
  });

  it('blast emits count times (i, x * size) to the room, then acks', async () => {
    const [one, two, outside] = [await connected(), await connected(), await connected()];
    const seen = new Map([one, two, outside].map((socket) => [socket, []]));
    for (const [socket, list] of seen) socket.on('b', (...args) => list.push(args));
    await Promise.all([one, two].map((socket) => socket.timeout(5000).emitWithAck('join', 'room')));
    await within(outside.emitWithAck('blast', { room: 'room', count: 10, size: 32 }), 'the ack');
    const expected = Array.from({ length: 10 }, (_, i) => [i, 'x'.repeat(32)]);
    await until('ten events for each', () => seen.get(one).length >= 10 && seen.get(two).length >= 10);
    assert.deepEqual(seen.get(one), expected);
    assert.deepEqual(seen.get(two), expected);
    assert.deepEqual(seen.get(outside), []);
  });

  it('the ack of a blast comes behind its events', async () => {
    const socket = await connected();
    let events = 0;
    socket.on('b', () => ++events);
    await socket.emitWithAck('join', 'alone');
    await within(socket.emitWithAck('blast', { room: 'alone', count: 5, size: 1024 }), 'the ack');
    assert.equal(events, 5);
  });

  it('relay emits r with the data to the room', async () => {
    const socket = await connected();
    await socket.emitWithAck('join', 'relays');
    for (const data of [{ t: 1.5 }, 'text', Buffer.from('bytes')]) {
      const heard = event(socket, 'r');
      socket.emit('relay', { room: 'relays', data });
      assert.deepEqual((await heard).map((of) => (Buffer.isBuffer(of) ? Buffer.from(of) : of)), [data]);
    }
  });

  it('has recovery off unless it is asked for', async (t) => {
    const without = await connected();
    assert.equal(without._pid, undefined);
    const other = await startExample('bench_server', '--recovery');
    t.after(() => other.stop());
    const with_ = await clients(() => other.address).connected('/', { transports: ['websocket'], reconnection: false });
    assert.equal(typeof with_._pid, 'string');
    with_.disconnect();
  });

  for (const flags of [[], ['--threads', '2']]) {
    it(`tells Prometheus what it has counted, if asked to ${flags.join(' ')}`, async (t) => {
      assert.equal((await fetch(`${server.address}/metrics`)).status, 404);
      const other = await startExample('bench_server', '--metrics', ...flags);
      const made = clients(() => other.address);
      t.after(() => (made.end(), other.stop()));
      for (let i = 0; i < 3; ++i) {
        const socket = await made.connected('/', { transports: ['websocket'] });
        await within(socket.emitWithAck('echo', i), 'an ack');
      }
      const answer = await fetch(`${other.address}/metrics`);
      assert.equal(answer.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
      const text = await answer.text();
      const families = new Map([...text.matchAll(/^# TYPE (\S+) (counter|gauge)$/gm)].map(([, name, type]) => [name, type]));
      const lines = text.trim().split('\n').filter((line) => !line.startsWith('# HELP ') && !line.startsWith('# TYPE '));
      for (const line of lines) {
        const [, name] = line.match(/^(\w+)(?:\{(?:\w+="[^"]*",?)+\})? \d+$/) ?? assert.fail(line);
        assert.ok(families.has(name), line);
      }
      assert.equal(new Set(lines.map((line) => line.split(' ')[0])).size, lines.length);
      for (const line of ['visavis_sessions 3', 'visavis_sockets_total{result="connected"} 3', 'visavis_events_received_total 3']) {
        assert.ok(lines.includes(line), `${line} in\n${text}`);
      }
      assert.equal((await fetch(`${other.address}/metrics`, { headers: { forwarded: 'for=192.0.2.1' } })).status, 403);
    });
  }

  it('has permessage-deflate off unless it is asked for', async (t) => {
    const extensions = async (of) => {
      const wire = await Wire.open('/socket.io/', { server: new URL(of.address) });
      wire.close();
      return wire.socket.extensions;
    };
    assert.equal(await extensions(server), '');
    const other = await startExample('bench_server', '--deflate');
    t.after(() => other.stop());
    assert.match(await extensions(other), /permessage-deflate/);
  });

  it('--deflate: what is long goes packed, both ways, text and bytes, also in a broadcast', async (t) => {
    const other = await startExample('bench_server', '--deflate', '--metrics');
    const made = clients(() => other.address);
    t.after(() => (made.end(), other.stop()));
    const [one, two] = [await made.connected('/', { transports: ['websocket'] }), await made.connected('/', { transports: ['websocket'] })];
    assert.match(one.io.engine.transport.ws.extensions, /permessage-deflate/);
    const long = '0123456789 ünï 😀 '.repeat(10_000);
    for (const data of ['short', long, Buffer.from(long), { in: [long, Buffer.alloc(100_000, 7)] }]) {
      const back = await within(one.emitWithAck('echo', data), 'an ack');
      assert.deepEqual(JSON.stringify(back), JSON.stringify(data));
    }
    const heard = event(two, 'b');
    await two.emitWithAck('join', 'packed');
    await within(one.emitWithAck('blast', { room: 'packed', count: 1, size: 100_000 }), 'an ack');
    assert.equal((await heard)[1], 'x'.repeat(100_000));
    const text = await (await fetch(`${other.address}/metrics`)).text();
    const metric = (name) => Number(text.split('\n').find((line) => line.startsWith(`${name} `))?.split(' ')[1] ?? assert.fail(`no ${name} in\n${text}`));
    assert.equal(metric('visavis_deflated_messages_total'), 5);
    for (const way of ['in', 'out']) assert.ok(metric(`visavis_tcp_bytes_total{direction="${way}"}`) < 100_000, text);
  });

  it('refuses flags that it does not know, in one line', () => {
    for (const flags of [['--what'], ['--port'], ['--threads', '0'], ['--threads', 'two'], ['--port', '70000']]) {
      const { status, stderr } = spawnSync(server.program.spawnfile, flags, { encoding: 'utf8', timeout: 5000 });
      assert.equal(status, 2, flags.join(' '));
      assert.match(stderr, /^.+\n$/);
    }
  });
});
