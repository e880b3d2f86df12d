// Clients of Socket.IO 2, which speak revision 3 of Engine.IO's protocol, against `conformance_server --eio3`.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import old from 'socket.io-client-2';
import { io } from 'socket.io-client';
import { QUICK, within } from './support.mjs';

const PROGRAM = process.env.CONFORMANCE_PROGRAM;

describe('clients of Socket.IO 2', { skip: PROGRAM ? false : 'no program given' }, () => {
  let server;
  let quick;
  let address;
  let quickAddress;
  const sockets = [];

  async function start(...flags) {
    const program = spawn(PROGRAM, ['--port', '0', '--eio3', ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await within(once(program.stdout, 'data'), 'the server');
    return [program, line.toString().trim().replace('ready on ', '')];
  }
  before(async () => {
    [server, address] = await start('--patient');
    [quick, quickAddress] = await start();
  });
  after(() => {
    sockets.forEach((socket) => socket.disconnect());
    server?.kill('SIGKILL');
    quick?.kill('SIGKILL');
  });

  const event = (socket, what) => within(new Promise((resolve) => socket.once(what, (...args) => resolve(args))), what);
  function client(path, options = {}, at = address) {
    const socket = old(at + path, { forceNew: true, reconnection: false, ...options });
    sockets.push(socket);
    return socket;
  }

  for (const transports of [['polling'], ['websocket'], ['polling', 'websocket']]) {
    describe(`over ${transports.join(' and ')}`, () => {
      it('are in "/" without asking, under the id of their session', async () => {
        const socket = client('/', { transports, query: { token: 'abc' } });
        const auth = event(socket, 'auth');
        await event(socket, 'connect');
        assert.deepEqual(await auth, [{}]);
        assert.equal(socket.id, socket.io.engine.id);
      });

      it('say and hear text and bytes, with acks', async () => {
        const socket = client('/', { transports });
        await event(socket, 'connect');
        const bytes = Buffer.from([1, 2, 255]);
        const values = [1, 'zwei €😀', { a: [true, null] }, bytes, { deep: [bytes] }];
        const back = event(socket, 'message-back');
        socket.emit('message', ...values);
        assert.deepEqual(await back, values);
        const answer = await within(new Promise((resolve) => socket.emit('message-with-ack', ...values, (...args) => resolve(args))), 'the ack');
        assert.deepEqual(answer, values);
        const long = '€'.repeat(20_000);
        assert.deepEqual(await within(new Promise((resolve) => socket.emit('message-with-ack', long, (...args) => resolve(args))), 'the ack'), [long]);
      });

      it('ask for other namespaces, and say who they are in the query', async () => {
        const socket = client('/custom?token=a%20b', { transports });
        const auth = event(socket, 'auth');
        await event(socket, 'connect');
        assert.deepEqual(await auth, [{ token: 'a b' }]);
        assert.equal(socket.id, `/custom#${socket.io.engine.id}`);
        const nobody = client('/nobody', { transports });
        assert.deepEqual(await event(nobody, 'error'), [{ message: 'Invalid namespace' }]);
      });

      it('stay as long as they ping', async () => {
        const socket = client('/', { transports }, quickAddress);
        await event(socket, 'connect');
        const reasons = [];
        socket.on('disconnect', (reason) => reasons.push(reason));
        for (let i = 0; i < 3; ++i) await event(socket, 'pong');
        assert.deepEqual(reasons, []);
      });
    });
  }

  it('upgrade without losing a message', async () => {
    const socket = client('/', { transports: ['polling', 'websocket'] });
    const upgraded = event(socket.io.engine, 'upgrade');  // It may come before the namespace is connected.
    await event(socket, 'connect');
    const got = [];
    socket.on('message-back', (number) => got.push(number));
    for (let i = 0; i < 200; ++i) {
      socket.emit('message', i);
      if (i % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await upgraded;
    await within(new Promise((resolve) => socket.emit('message-with-ack', 'last', resolve)), 'the ack');
    assert.deepEqual(got, Array.from({ length: 200 }, (_, i) => i));
  });

  it('meet those of today in one room', async () => {
    const before_ = client('/');
    await event(before_, 'connect');
    const today = io(address, { forceNew: true });
    sockets.push(today);
    await event(today, 'connect');
    const told = [event(before_, 'told'), event(today, 'told')];
    today.emit('tell', 'all', Buffer.from([7]));
    assert.deepEqual(await Promise.all(told), [['all', Buffer.from([7])], ['all', Buffer.from([7])]]);
  });

  it('are refused where they are not allowed', async () => {
    const socket = client('/', { transports: ['polling'] }, QUICK.href.replace(/\/$/, ''));
    const [error] = await event(socket, 'connect_error');
    assert.equal(error.description, 400);
  });
});
