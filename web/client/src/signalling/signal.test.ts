import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { kWelcome } from '../testing/fake-server.js';
import { openSocket } from './open-socket.js';
import { Signal } from './signal.js';

let http: HttpServer;
let io: Server;
let signal: Signal;

/** Socket.IO's own server with a call namespace that answers what it is asked. */
async function serve(): Promise<string> {
  io.of('/call').on('connection', (socket) => {
    socket.emit('welcome', kWelcome);
    socket.on('leave', (_, ack: (answer: object) => void) => ack({ ok: true }));
    socket.on('message', (_, ack: (answer: object) => void) =>
      ack({ ok: false, error: { code: 'not-joined', message: 'Join first.' } }),
    );
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
}

const once = <E extends 'welcome' | 'lost' | 'unreachable'>(event: E): Promise<unknown> =>
  new Promise((resolve) => signal.on(event, resolve));

beforeEach(() => {
  http = createServer();
  io = new Server(http);
});

afterEach(async () => {
  signal.close();
  await io.close();
});

describe('the signal, against the official server', () => {
  it('is welcomed, and has its requests granted and refused', async () => {
    signal = new Signal(openSocket(await serve()));
    const welcome = once('welcome');
    signal.open();
    expect(await welcome).toEqual(kWelcome);
    expect(await signal.request('leave', {})).toEqual({ ok: true });
    await expect(signal.request('message', { text: 'x' })).rejects.toMatchObject({
      code: 'not-joined',
    });
  });

  it('is carried by polling when the WebSocket is refused', async () => {
    const url = await serve();
    http.removeAllListeners('upgrade');
    http.on('upgrade', (_, socket) => socket.destroy());
    signal = new Signal(openSocket(url));
    const welcome = once('welcome');
    signal.open();
    expect(await welcome).toEqual(kWelcome);
  });

  it('connects again by itself, also when it was the server that disconnected', async () => {
    signal = new Signal(openSocket(await serve()));
    const first = once('welcome');
    signal.open();
    await first;
    const lost = once('lost');
    io.of('/call').disconnectSockets();
    await lost;
    expect(signal.welcome).toBeUndefined();
    await expect(signal.request('leave', {})).rejects.toMatchObject({ code: 'disconnected' });
    await once('welcome');
  });

  it('tells that nobody is there, and goes on trying', async () => {
    signal = new Signal(openSocket('http://127.0.0.1:1'));
    const unreachable = once('unreachable');
    signal.open();
    await unreachable;
    expect(signal.failedAttempts).toBe(1);
    await once('unreachable');
  });
});
