// What a client's own test suite asks of its server, by the official client.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { clients, event, pause, startExample, until, Wire, within } from './support.mjs';

for (const transports of [['websocket'], ['polling'], ['polling', 'websocket']]) {
  describe(`client_suite_server over ${transports.join(' and ')}`, () => {
    let server;
    const { open, connected, end } = (() => {
      const made = clients(() => server.address);
      return {
        open: (name, options) => made.open(name, { transports, ...options }),
        connected: (name, options) => made.connected(name, { transports, ...options }),
        end: made.end,
      };
    })();
    before(async () => (server = await startExample('client_suite_server')));
    after(async () => {
      end();
      assert.equal(await server?.stop(), 0);
    });
    // With recovery every event has its offset behind its arguments, as with Node's server.
    const told = (args) => {
      assert.equal(typeof args.at(-1), 'string');
      return args.slice(0, -1);
    };
    const bytes = () => Buffer.from('asdfasdf');

    describe('connecting', () => {
      for (const name of ['/', '/foo', '/timeout_socket', '/valid', '/asd', '/abc']) {
        it(`is possible to ${name}`, async () => {
          const socket = await connected(name);
          assert.equal(socket.id.length, 20);
          assert.equal(socket.recovered, false);
        });
      }

      it('to /no is refused by its middleware, always', async () => {
        const [error] = await event(open('/no'), 'connect_error');
        assert.equal(error.message, 'Auth failed (custom namespace)');
      });

      it('to / is refused by its middleware when the query has fail', async () => {
        const [error] = await event(open('/', { query: { fail: true } }), 'connect_error');
        assert.equal(error.message, 'Auth failed (main namespace)');
      });

      it('to a namespace that is not there is refused', async () => {
        const [error] = await event(open('/nobody'), 'connect_error');
        assert.equal(error.message, 'Invalid namespace');
      });

      it('works with a query in the address of the server', async () => {
        const socket = await connected(`/foo?${new URLSearchParams({ a: 'b' })}`);
        assert.equal(socket.nsp, '/foo');
      });

      it('works again after a disconnect by the client, with a new id', async () => {
        const socket = await connected('/');
        const id = socket.id;
        socket.disconnect();
        socket.connect();
        await event(socket, 'connect');
        assert.notEqual(socket.id, id);
      });
    });

    describe('the handshake', () => {
      const check = (handshake) => {
        assert.deepEqual(
          Object.keys(handshake).sort(),
          ['address', 'auth', 'headers', 'issued', 'query', 'secure', 'time', 'url', 'xdomain'].sort(),
        );
        assert.match(handshake.address, /^(127\.0\.0\.1|::1)$/);
        assert.equal(handshake.secure, false);
        assert.equal(handshake.xdomain, false);
        assert.ok(handshake.url.startsWith('/socket.io/?'));
        assert.equal(handshake.query.EIO, '4');
        assert.equal(handshake.query.transport, transports[0]);
        assert.ok(Math.abs(Date.now() - handshake.issued) < 10000);
        assert.ok(Math.abs(Date.parse(handshake.time) - handshake.issued) <= 1000);
      };

      it('of /abc comes on connection', async () => {
        const socket = open('/abc', { query: { g: 'h', '&a': '&=?a' }, auth: { token: [1, { x: null }] } });
        const [handshake] = await event(socket, 'handshake');
        check(handshake);
        assert.equal(handshake.query.g, 'h');
        assert.equal(handshake.query['&a'], '&=?a');
        assert.deepEqual(handshake.auth, { token: [1, { x: null }] });
      });

      it('is the answer of getHandshake, with headers in lower case', async () => {
        const socket = await connected('/', { query: { e: 'f' }, extraHeaders: { 'X-Custom': 'Größe'.slice(0, 2) } });
        const handshake = await within(socket.emitWithAck('getHandshake'), 'the handshake');
        check(handshake);
        assert.equal(handshake.query.e, 'f');
        assert.equal(handshake.headers['x-custom'], 'Gr');
        assert.match(handshake.headers.host, /^localhost:\d+$/);
        assert.deepEqual(handshake.auth, {});
      });

      it('has the auth that a function of the client gives', async () => {
        const socket = await connected('/', { auth: (give) => give({ a: 'b' }) });
        assert.deepEqual((await socket.emitWithAck('getHandshake')).auth, { a: 'b' });
      });
    });

    describe('events and acks', () => {
      it('getId gives the id, on / and on /foo', async () => {
        for (const name of ['/', '/foo']) {
          const socket = await connected(name);
          assert.equal(await within(socket.emitWithAck('getId'), 'the id'), socket.id);
        }
      });

      it('hi is answered with hi', async () => {
        const socket = await connected('/');
        socket.emit('hi');
        assert.deepEqual(told(await event(socket, 'hi')), []);
      });

      it('echo acks what it is given, whatever it is', async () => {
        const socket = await connected('/');
        for (const value of [null, true, 0.5, 'ünï 😀', [1, [2]], { a: { b: null } }, '']) {
          assert.deepEqual(await within(socket.emitWithAck('echo', value), 'an ack'), value);
        }
      });

      it('ack asks (5, {test: true}) of the client and says got it', async () => {
        const socket = await connected('/');
        socket.once('ack', (answer) => answer(5, { test: true }));
        socket.emit('ack');
        assert.deepEqual(told(await event(socket, 'got it')), []);
      });

      it('ack says nothing to another answer', async () => {
        const socket = await connected('/');
        socket.once('ack', (answer) => answer(6, { test: true }));
        let got = false;
        socket.once('got it', () => (got = true));
        socket.emit('ack');
        await event(socket, 'ack');
        await socket.emitWithAck('echo', 1);
        assert.equal(got, false);
      });

      it('false comes as false', async () => {
        const socket = await connected('/');
        socket.emit('false');
        assert.deepEqual(told(await event(socket, 'false')), [false]);
      });

      it('onAny and onAnyOutgoing of the client see them', async () => {
        const socket = await connected('/');
        const seen = [];
        socket.onAny((name) => seen.push(name));
        socket.onAnyOutgoing((name) => seen.push(`> ${name}`));
        socket.emit('hi');
        await event(socket, 'hi');
        assert.deepEqual(seen, ['> hi', 'hi']);
      });

      it('emitted before connecting come all the same, in order', async () => {
        const socket = open('/');
        const answers = await within(Promise.all([1, 2, 3].map((i) => socket.emitWithAck('echo', i))), 'acks');
        assert.deepEqual(answers, [1, 2, 3]);
      });
    });

    describe('dates and text', () => {
      const isNow = (text) => {
        assert.match(text, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
        assert.ok(Math.abs(Date.now() - Date.parse(text)) < 10000);
      };
      it('getAckDate acks a date', async () => {
        const socket = await connected('/');
        isNow(await within(socket.emitWithAck('getAckDate', { test: true }), 'a date'));
      });
      it('getDate is answered with takeDate', async () => {
        const socket = await connected('/');
        socket.emit('getDate');
        isNow((await event(socket, 'takeDate'))[0]);
      });
      it('getDateObj is answered with a date in an object', async () => {
        const socket = await connected('/');
        socket.emit('getDateObj');
        const [object] = await event(socket, 'takeDateObj');
        assert.deepEqual(Object.keys(object), ['date']);
        isNow(object.date);
      });
      it('getUtf8 is answered with five texts, in order', async () => {
        const socket = await connected('/');
        const texts = [];
        socket.on('takeUtf8', (...args) => texts.push(told(args)));
        socket.emit('getUtf8');
        await socket.emitWithAck('echo', 'after them');
        assert.deepEqual(texts, [['てすと'], ['Я Б Г Д Ж Й'], ['Ä ä Ü ü ß'], ['utf8 — string'], ['utf8 — string']]);
      });
    });

    describe('bytes', () => {
      for (const [question, answer] of [
        ['doge', 'doge'],
        ['getbin', 'takebin'],
      ]) {
        it(`${question} is answered with eight of them`, async () => {
          const socket = await connected('/');
          socket.emit(question);
          const [data] = await event(socket, answer);
          assert.deepEqual(Buffer.from(data), bytes());
        });
      }
      it('buffa and blob are answered when they have bytes, and only then', async () => {
        const socket = await connected('/');
        const names = [];
        socket.onAny((name, ...args) => names.push([name, ...told(args)]));
        socket.emit('buffa', 'text');
        socket.emit('blob', 'text');
        socket.emit('buffa', bytes());
        socket.emit('blob', bytes());
        await socket.emitWithAck('echo', 1);
        await until('both answers', () => names.length >= 2);
        assert.deepEqual(names, [['buffack'], ['back']]);
      });
      it('jsonbuff and jsonblob are answered: bytes inside of an object', async () => {
        const socket = await connected('/');
        socket.emit('jsonbuff', { hello: 'lol', message: bytes(), goodbye: 'gotcha' });
        await event(socket, 'jsonbuff-ack');
        socket.emit('jsonblob', { hello: 'lol', message: bytes(), goodbye: 'gotcha' });
        await event(socket, 'jsonblob-ack');
      });
      it('abuff1, abuff2 and blob1, blob2, blob3 are answered when they come in this order', async () => {
        const socket = await connected('/');
        socket.emit('abuff1', bytes());
        socket.emit('abuff2', 'please arrive second');
        await event(socket, 'abuff2-ack');
        socket.emit('blob1', bytes());
        socket.emit('blob2', 'second');
        socket.emit('blob3', bytes());
        await event(socket, 'blob3-ack');
      });
      it('and are not in another', async () => {
        const socket = await connected('/');
        const names = [];
        socket.onAny((name) => names.push(name));
        socket.emit('abuff2', 'first');
        socket.emit('blob1', bytes());
        socket.emit('blob3', bytes());
        await socket.emitWithAck('echo', 1);
        assert.deepEqual(names, []);
      });
      it('come back from deep inside', async () => {
        const socket = await connected('/');
        const value = { a: [{ b: bytes() }, [[Buffer.from([0, 255])]]], c: null };
        const back = await within(socket.emitWithAck('echo', value), 'an ack');
        assert.deepEqual(Buffer.from(back.a[0].b), bytes());
        assert.deepEqual(Buffer.from(back.a[1][0][0]), Buffer.from([0, 255]));
        assert.equal(back.c, null);
      });
    });

    describe('what the client does by itself', () => {
      it('timeout: an ack that comes in time, and one that does not', async () => {
        const socket = await connected('/');
        assert.equal(await socket.timeout(5000).emitWithAck('echo', 42), 42);
        await assert.rejects(socket.timeout(50).emitWithAck('nobody knows this'), /timed out/);
      });

      it('ackTimeout and retries: sent again until acked, in order, each acted on', async () => {
        const socket = open('/', { retries: 3, ackTimeout: 200 });
        const acked = [];
        for (const i of [1, 2, 3]) socket.emit('echo', i, (error, value) => acked.push([error, value]));
        await until('three acks', () => acked.length >= 3);
        assert.deepEqual(acked, [
          [null, 1],
          [null, 2],
          [null, 3],
        ]);
      });

      it('retries: given up when nobody acks', async () => {
        const socket = await connected('/', { retries: 1, ackTimeout: 50 });
        const error = await within(new Promise((resolve) => socket.emit('hi', resolve)), 'the end of the retries');
        assert.match(error.message, /timed out/);
      });

      it('volatile: lost before connecting, sent after', async () => {
        const socket = open('/');
        const names = [];
        socket.onAny((name) => names.push(name));
        socket.volatile.emit('getUtf8');
        await event(socket, 'connect');
        await until('the transport takes more', () => socket.io.engine.transport.writable && !socket.io.engine.upgrading);
        socket.volatile.emit('hi');
        await until('an answer', () => names.length > 0);
        assert.deepEqual(names, ['hi']);
      });

      it('reconnects by itself, and its session is recovered', async () => {
        const socket = await connected('/', { reconnectionDelay: 20, randomizationFactor: 0 });
        const id = socket.id;
        const back = event(socket, 'connect');
        socket.io.engine.close();
        await back;
        assert.equal(socket.id, id);
        assert.equal(socket.recovered, true);
        assert.equal(await socket.emitWithAck('getId'), id);
      });

      it('does not reconnect when it disconnected itself', async () => {
        const socket = await connected('/', { reconnectionDelay: 10 });
        let attempts = 0;
        socket.io.on('reconnect_attempt', () => ++attempts);
        socket.disconnect();
        await pause(50);
        assert.equal(attempts, 0);
        assert.equal(socket.connected, false);
      });

      it('stays through heartbeats', async () => {
        const socket = await connected('/');
        let pings = 0;
        socket.io.on('ping', () => ++pings);
        await until('a ping', () => pings > 0);
        assert.equal(await socket.emitWithAck('echo', 1), 1);
      });
    });
  });
}

describe('client_suite_server', () => {
  let server;
  before(async () => (server = await startExample('client_suite_server')));
  after(() => server?.stop());

  it('listens on 127.0.0.1 and on ::1', async () => {
    for (const host of ['127.0.0.1', '[::1]']) {
      const wire = await Wire.open('/socket.io/', { server: new URL(`http://${host}:${server.port}`) });
      assert.equal(wire.handshake.pingInterval, 2000);
      wire.close();
    }
  });

  it('refuses flags that it does not know, in one line', () => {
    for (const flags of [['--what'], ['--what', '1'], ['--port'], ['--port', '70000'], ['--port', '0', '1']]) {
      const { status, stderr } = spawnSync(server.program.spawnfile, flags, { encoding: 'utf8', timeout: 5000 });
      assert.equal(status, 2, flags.join(' '));
      assert.match(stderr, /^.+\n$/);
    }
  });

  it('takes 10 ms to allow a request, and answers others meanwhile', async () => {
    const begun = performance.now();
    const wire = await Wire.open('/socket.io/', { server: new URL(server.address) });
    assert.ok(performance.now() - begun >= 9.5);
    wire.close();
    // One after another they cannot be done in this time; a busy machine may need a few rounds to show that they are not.
    const rounds = [];
    while (rounds.length < 5 && !(rounds.at(-1) < 50 * 10)) {
      const asked = performance.now();
      const all = await Promise.all(Array.from({ length: 50 }, () => fetch(`${server.address}/socket.io/?EIO=4&transport=polling`)));
      rounds.push(performance.now() - asked);
      assert.deepEqual([...new Set(all.map((answer) => answer.status))], [200]);
    }
    assert.ok(rounds.at(-1) < 50 * 10, `fifty requests are decided side by side: ${rounds} ms`);
  });

  it('says goodbye when it ends: the client is told to come back', async (t) => {
    const other = await startExample('client_suite_server');
    t.after(() => other.stop());
    const socket = clients(() => other.address);
    const client = await socket.connected('/', { transports: ['websocket'], reconnection: false });
    const gone = event(client, 'disconnect');
    assert.equal(await other.stop(), 0);
    const [reason] = await gone;
    assert.equal(reason, 'transport close');
  });
});
