// What the tests share: where the server is, and a client that speaks Engine.IO by hand.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';

export { until } from '../lib/until.mjs';

/** Set by run.sh. The first has quick heartbeats, which a busy machine can miss: only what is about time goes there. */
export const QUICK = new URL(process.env.CONFORMANCE_SERVER ?? 'http://localhost:3000');
export const SERVER = new URL(process.env.CONFORMANCE_SERVER_PATIENT ?? QUICK);
export const PING_INTERVAL = 300;
export const PING_TIMEOUT = 200;
export const CONNECT_TIMEOUT = 1000;

/** Rejects when nothing comes: a test that hangs says nothing. */
export function within(promise, what, limit = 10000) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${limit} ms for ${what}`)), limit);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/**
 * One frame of RFC 6455 §5.2, good or bad. `claimed`: the length that the header says, in the form that `form` says (0: the shortest);
 * no `mask`, no masking.
 */
export function webSocketFrame(opcode, payload, { fin = true, rsv = 0, mask = Buffer.alloc(4), claimed = payload.length, form = 0 } = {}) {
  const size = BigInt(claimed);
  const wide = form || (size < 126n ? 1 : size < 65536n ? 2 : 8);
  const head = Buffer.alloc(wide === 1 ? 2 : 2 + wide);
  head[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  head[1] = (mask ? 0x80 : 0) | (wide === 1 ? Number(size) : wide === 2 ? 126 : 127);
  if (wide === 2) head.writeUInt16BE(Number(size), 2);
  if (wide === 8) head.writeBigUInt64BE(size, 2);
  return Buffer.concat(mask ? [head, mask, payload.map((byte, i) => byte ^ mask[i % 4])] : [head, payload]);
}

export const pause = (duration) => new Promise((resolve) => setTimeout(resolve, duration));

/** `address('/socket.io/', {transport: 'polling'})` */
export function address(path, query, { scheme = 'http', server = SERVER } = {}) {
  const url = new URL(path, server);
  url.protocol = scheme;
  for (const [name, value] of Object.entries({ EIO: 4, ...query })) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  return url;
}

/** Packets in the order of their coming. */
class Inbox {
  #packets = [];
  #waiting = [];

  put(packet) {
    const taker = this.#waiting.shift();
    if (taker) taker(packet);
    else this.#packets.push(packet);
  }
  take() {
    if (this.#packets.length > 0) return Promise.resolve(this.#packets.shift());
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

/** A WebSocket whose frames the test writes itself. Pings are answered and left out unless `raw`. */
export class Wire {
  #inbox = new Inbox();

  constructor(path, { query = {}, raw = false, server = SERVER } = {}) {
    this.socket = new WebSocket(address(path, { transport: 'websocket', ...query }, { scheme: 'ws', server }));
    this.socket.on('message', (data, binary) => {
      const packet = binary ? data : data.toString();
      if (packet === '2' && !raw) this.socket.send('3');
      else this.#inbox.put(packet);
    });
    this.opened = new Promise((resolve, reject) => {
      this.socket.once('open', resolve);
      this.socket.once('error', reject);
    });
    this.opened.catch(() => {});
    this.closed = new Promise((resolve) => this.socket.once('close', (code) => resolve(code)));
  }

  /** Past Engine.IO's open packet. */
  static async open(path, options) {
    const wire = new Wire(path, options);
    await within(wire.opened, 'the WebSocket');
    wire.handshake = JSON.parse((await wire.receive()).slice(1));
    return wire;
  }

  send(...packets) {
    for (const packet of packets) this.socket.send(packet);
  }
  receive() {
    return within(this.#inbox.take(), 'a packet');
  }
  /** The server's doing. */
  async expectClosed() {
    return within(this.closed, 'the server to close the connection');
  }
  close() {
    this.socket.terminate();
  }
}

/** A long-polling session by hand. */
export class Polling {
  constructor(url, sid) {
    this.url = url;
    this.sid = sid;
  }

  static async open(path, server = SERVER) {
    const url = address(path, { transport: 'polling' }, { server });
    const { sid } = JSON.parse((await (await fetch(url)).text()).slice(1));
    url.searchParams.set('sid', sid);
    return new Polling(url, sid);
  }

  post(body, options = {}) {
    return fetch(this.url, { method: 'POST', body, ...options });
  }
  get(options = {}) {
    return fetch(this.url, options);
  }
  /** The packets of one answer, pings answered and left out. */
  async receive() {
    for (;;) {
      const response = await within(this.get(), 'a poll to be answered');
      if (response.status !== 200) throw new Error(`poll: ${response.status}`);
      const packets = (await response.text()).split('\x1e');
      const rest = packets.filter((packet) => packet !== '2');
      if (rest.length < packets.length) await this.post('3');
      if (rest.length > 0) return rest;
    }
  }
}

const EXAMPLES = path.join(process.env.BUILD_DIR ?? fileURLToPath(new URL('../../build/release', import.meta.url)), 'examples');

export const example = (name) => path.join(EXAMPLES, name);

/** One of the programs of examples/ on a free port: `{address, stop()}`. */
export const startExample = (name, ...flags) => startProgram(example(name), ['--port', '0', ...flags]);

export async function startProgram(name, flags) {
  const program = spawn(name, flags, { stdio: ['pipe', 'pipe', 'inherit'] });
  const stop = async () => {
    if (program.exitCode !== null || program.signalCode !== null) return program.exitCode;
    const [code] = await within(Promise.all([once(program, 'exit'), program.kill('SIGTERM')]).then(([exit]) => exit), `${name} to end`);
    return code;
  };
  const ended = once(program, 'exit').then(([code]) => Promise.reject(new Error(`${name} ended with ${code} before it was ready`)));
  const [line] = await within(Promise.race([once(program.stdout, 'data'), ended]), `${name} to be ready`);
  const port = /^ready.*:(\d+)/.exec(line.toString())?.[1];
  if (!port) throw new Error(`${name} said ${line}`);
  return { address: `http://localhost:${port}`, port: Number(port), program, stop };
}

/** Clients of one test file, all ended by `end()`. */
export function clients(address) {
  const all = [];
  return {
    open(name = '/', options = {}) {
      const socket = io(new URL(name, address()).href, { forceNew: true, ...options });
      all.push(socket);
      return socket;
    },
    async connected(name, options) {
      const socket = this.open(name, options);
      await event(socket, 'connect');
      return socket;
    },
    end: () => all.forEach((socket) => socket.disconnect()),
  };
}

/** The arguments of the next such event. */
export const event = (socket, what) => within(new Promise((resolve) => socket.once(what, (...args) => resolve(args))), what);
