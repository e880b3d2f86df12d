// The official client, as pages use it: over polling only, over WebSocket only, and with the upgrade between them.

import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { once } from 'node:events';
import { io } from 'socket.io-client';
import { Socket as EngineSocket } from 'engine.io-client';
import { QUICK, SERVER, within, pause, until } from './support.mjs';

const TRANSPORTS = {
  'over polling only': ['polling'],
  'over WebSocket only': ['websocket'],
  'with the default upgrade': ['polling', 'websocket'],
};

for (const [name, transports] of Object.entries(TRANSPORTS)) {
  describe(`the official client ${name}`, () => {
    const sockets = [];
    after(() => sockets.forEach((socket) => socket.disconnect()));

    function client(path = '/', { server = SERVER, ...options } = {}) {
      const socket = io(new URL(path, server).href, { transports, forceNew: true, ...options });
      sockets.push(socket);
      return socket;
    }
    const event = (socket, what) => within(new Promise((resolve) => socket.once(what, (...args) => resolve(args))), what);
    async function connected(path, options) {
      const socket = client(path, options);
      await event(socket, 'connect');
      return socket;
    }

    it('connects with auth', async () => {
      const auth = { token: 'abcd', nested: { list: [1, null] } };
      const socket = client('/', { auth });
      const [seen] = await event(socket, 'auth');
      assert.deepEqual(seen, auth);
      assert.equal(socket.id.length, 20);
    });

    it('connects to a namespace of its own', async () => {
      const socket = client('/custom', { auth: { token: 'custom' } });
      assert.deepEqual(await event(socket, 'auth'), [{ token: 'custom' }]);
    });

    it('uses one connection for both namespaces', async () => {
      const main = client('/', { forceNew: false, multiplex: true });
      const custom = main.io.socket('/custom');
      await Promise.all([event(main, 'connect'), event(custom, 'connect')]);
      assert.notEqual(main.id, custom.id);
      custom.disconnect();
      main.emit('message', 'x');
      assert.deepEqual(await event(main, 'message-back'), ['x']);
    });

    it('hears of a namespace that does not exist', async () => {
      const [error] = await event(client('/random'), 'connect_error');
      assert.equal(error.message, 'Invalid namespace');
    });

    it('gets its events back', async () => {
      const socket = await connected();
      const args = [1, '2', { 3: [true, null], name: 'ünï 😀' }, 0.1, ''];
      socket.emit('message', ...args);
      assert.deepEqual(await event(socket, 'message-back'), args);
    });

    it('gets its bytes back', async () => {
      const socket = await connected();
      const args = [Buffer.from([1, 2, 3]), { in: [Buffer.from('four'), new Uint8Array([5]).buffer], plain: 6 }];
      socket.emit('message', ...args);
      const [first, second] = await event(socket, 'message-back');
      assert.deepEqual(Buffer.from(first), args[0]);
      assert.equal(Buffer.from(second.in[0]).toString(), 'four');
      assert.deepEqual(Buffer.from(second.in[1]), Buffer.from([5]));
      assert.equal(second.plain, 6);
    });

    it('gets acks, with bytes too', async () => {
      const socket = await connected();
      const answer = await within(socket.emitWithAck('message-with-ack', 'question'), 'an ack');
      assert.equal(answer, 'question');
      const many = await within(
        new Promise((resolve) => socket.emit('message-with-ack', 1, Buffer.from('two'), (...args) => resolve(args))),
        'an ack',
      );
      assert.equal(many[0], 1);
      assert.equal(Buffer.from(many[1]).toString(), 'two');
      await within(socket.timeout(2000).emitWithAck('message-with-ack', 'in time'), 'an ack');
      await assert.rejects(socket.timeout(50).emitWithAck('nobody answers'));
    });

    it('sends once with retries, and in order', async () => {
      const socket = await connected('/', { retries: 3, ackTimeout: 2000 });
      const answers = await within(
        Promise.all([1, 2, 3].map((i) => new Promise((resolve) => socket.emit('message-with-ack', i, (_, back) => resolve(back))))),
        'three acks',
      );
      assert.deepEqual(answers, [1, 2, 3]);
    });

    it('gets what is large', async () => {
      const socket = await connected();
      const text = '😀'.repeat(100000);
      socket.emit('message', text);
      assert.deepEqual(await event(socket, 'message-back'), [text]);
      const data = Buffer.alloc(700000, 7);
      socket.emit('message', data);
      assert.ok(data.equals(Buffer.from((await event(socket, 'message-back'))[0])));
    });

    it('keeps the order of many events', async () => {
      const socket = await connected();
      const seen = [];
      const all = new Promise((resolve) => {
        socket.on('message-back', (i) => {
          seen.push(i);
          if (seen.length === 300) resolve();
        });
      });
      for (let i = 0; i < 300; ++i) socket.emit('message', i);
      await within(all, '300 events');
      assert.deepEqual(seen, Array.from({ length: 300 }, (_, i) => i));
    });

    it('stays through heartbeats', async () => {
      const socket = await connected('/', { server: QUICK });
      let pings = 0;
      let ended = false;
      socket.io.on('ping', () => ++pings);
      socket.on('disconnect', () => (ended = true));
      await until('three pings', () => pings >= 3 || ended);
      assert.ok(!ended, `ended after ${pings} pings`);
    });

    it('leaves, and says so', async () => {
      const socket = await connected();
      const reason = event(socket, 'disconnect');
      socket.disconnect();
      assert.equal((await reason)[0], 'io client disconnect');
      socket.connect();
      await event(socket, 'connect');
    });

    if (transports.length === 2) {
      it('ends up on WebSocket', async () => {
        const socket = client();
        await event(socket, 'connect');
        while (socket.io.engine.transport.name !== 'websocket') {
          await within(once(socket.io.engine, 'upgrade'), 'the upgrade');
        }
        socket.emit('message', 'after');
        assert.deepEqual(await event(socket, 'message-back'), ['after']);
      });

      it('loses nothing that is sent during the upgrade', async () => {
        for (let round = 0; round < 5; ++round) {
          const socket = client();
          await event(socket, 'connect');
          const seen = [];
          const all = new Promise((resolve) => {
            socket.on('message-back', (i) => {
              if (seen.push(i) === 50) resolve();
            });
          });
          for (let i = 0; i < 50; ++i) {
            socket.emit('message', i);
            if (i % 10 === 0) await pause(2);
          }
          await within(all, '50 events');
          assert.deepEqual(seen, Array.from({ length: 50 }, (_, i) => i));
          socket.disconnect();
        }
      });
    }
  });

  describe(`the official Engine.IO client ${name}`, () => {
    it('gets text and bytes back', async () => {
      const socket = new EngineSocket(SERVER.href, { transports });
      socket.binaryType = 'arraybuffer';
      await within(once(socket, 'open'), 'open');
      const seen = [];
      const all = new Promise((resolve) => {
        socket.on('message', (data) => {
          if (seen.push(data) === 3) resolve();
        });
      });
      socket.send('one');
      socket.send(Uint8Array.from([1, 2, 3, 4]).buffer);
      socket.send('drei €');
      await within(all, 'three messages');
      assert.equal(seen[0], 'one');
      assert.deepEqual(Buffer.from(seen[1]), Buffer.from([1, 2, 3, 4]));
      assert.equal(seen[2], 'drei €');
      socket.close();
    });
  });
}
