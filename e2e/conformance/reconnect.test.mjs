// The server goes and comes back; the official client finds it again by itself.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { after, describe, it } from 'node:test';
import { io } from 'socket.io-client';
import { until, within } from './support.mjs';

const PROGRAM = process.env.CONFORMANCE_PROGRAM;

async function start(port) {
  const server = spawn(PROGRAM, ['--port', String(port), '--patient'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await within(once(server.stdout, 'data'), 'the server');
  assert.ok(line.toString().startsWith('ready'));
  return server;
}

async function stop(server, signal) {
  const ended = once(server, 'exit');
  server.kill(signal);
  return within(ended, 'the server to end');
}

/** A port that the kernel has just called free. */
async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

describe('a server that is killed and started again', { skip: PROGRAM ? false : 'no program given' }, () => {
  const running = new Set();
  after(() => running.forEach((server) => server.kill('SIGKILL')));

  for (const [name, transports, reasons] of [
    ['polling', ['polling'], ['transport error', 'transport close']],
    ['WebSocket', ['websocket'], ['transport close', 'transport error']],
    ['the upgrade', ['polling', 'websocket'], ['transport close', 'transport error']],
  ]) {
    for (const signal of ['SIGKILL', 'SIGTERM']) {
      it(`is found again over ${name} after ${signal}`, async (t) => {
        const port = await freePort();
        let server = await start(port);
        running.add(server);
        const socket = io(`http://localhost:${port}`, { transports, forceNew: true, reconnectionDelay: 50, reconnectionDelayMax: 200 });
        t.after(() => socket.disconnect());
        const event = (what) => within(new Promise((resolve) => socket.once(what, (...args) => resolve(args))), what);
        await event('connect');
        // A probe that ends once the client has paused its polling leaves that paused (engine.io-client's `probe`): nobody would notice
        // the end before a ping is missed.
        await until('the last transport', () => socket.io.engine.transport.name === transports.at(-1));
        const id = socket.id;
        const lost = event('disconnect');
        const [code] = await stop(server, signal);
        running.delete(server);
        if (signal === 'SIGTERM') assert.equal(code, 0);
        assert.ok(reasons.includes((await lost)[0]));
        const back = event('connect');
        server = await start(port);
        running.add(server);
        await back;
        assert.notEqual(socket.id, id);
        assert.equal(await within(socket.emitWithAck('message-with-ack', 'again'), 'an ack'), 'again');
        socket.disconnect();
        await stop(server, 'SIGTERM');
        running.delete(server);
      });
    }
  }
});
