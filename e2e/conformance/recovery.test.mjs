// Connection state recovery, as the official client asks for it.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { io } from 'socket.io-client';
import { Wire, within } from './support.mjs';

const PROGRAM = process.env.CONFORMANCE_PROGRAM;

describe('connection state recovery', { skip: PROGRAM ? false : 'no program given' }, () => {
  let server;
  let address;
  const sockets = [];

  before(async () => {
    server = spawn(PROGRAM, ['--port', '0', '--patient', '--recovery', ...(process.env.SERVER_FLAGS ?? '').split(' ').filter(Boolean)], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await within(once(server.stdout, 'data'), 'the server');
    address = line.toString().trim().replace('ready on ', '');
  });
  after(() => {
    sockets.forEach((socket) => socket.disconnect());
    server?.kill('SIGKILL');
  });

  const event = (socket, what) => within(new Promise((resolve) => socket.once(what, (...args) => resolve(args))), what);
  async function connected(transports) {
    const socket = io(address, { transports, forceNew: true, reconnectionDelay: 300, reconnectionDelayMax: 300, randomizationFactor: 0 });
    sockets.push(socket);
    await event(socket, 'connect');
    return socket;
  }

  for (const transports of [['polling'], ['websocket'], ['polling', 'websocket']]) {
    it(`gives id and missed events back, in order, over ${transports.join(' and ')}`, async () => {
      const other = await connected(['websocket']);
      const socket = await connected(transports);
      assert.equal(socket.recovered, false);
      const id = socket.id;
      const told = [];
      socket.on('told', (...args) => told.push(args[0]));
      const heard = event(socket, 'told');
      other.emit('tell', 'before');
      await heard;
      const back = event(socket, 'connect');
      const lost = event(socket, 'disconnect');
      socket.io.engine.close();
      await lost;
      other.emit('tell', 'one');
      other.emit('tell', Buffer.from('two'));
      await back;
      assert.equal(socket.recovered, true);
      assert.equal(socket.id, id);
      other.emit('tell', 'after');
      while (told.length < 4) await event(socket, 'told');
      assert.deepEqual(told.map(String), ['before', 'one', 'two', 'after']);
      assert.equal(await within(socket.emitWithAck('message-with-ack', 'x'), 'an ack'), 'x');
    });
  }

  it('takes a session over whose old connection still looks alive', async () => {
    const server_ = new URL(address);
    const old = await Wire.open('/socket.io/', { server: server_ });
    old.send('40');
    const { sid, pid } = JSON.parse((await old.receive()).slice(2));
    const auth = JSON.parse((await old.receive()).slice(2));
    const next = await Wire.open('/socket.io/', { server: server_ });
    next.send(`40${JSON.stringify({ pid, offset: auth.at(-1) })}`);
    assert.deepEqual(JSON.parse((await next.receive()).slice(2)), { sid, pid });
    await old.expectClosed();
    next.close();
  });
});
