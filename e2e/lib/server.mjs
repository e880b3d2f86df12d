// The product as a user starts it: `visavis serve` on free ports, watched from outside.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import { until } from './until.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const program = process.env.VISAVIS_BINARY ?? path.join(root, 'build/release/visavis');

export const loadProgram = path.join(path.dirname(program), 'visavis-load');

/** A port that nobody listens on now. */
export async function freePort() {
  const probe = createServer();
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

export class Server {
  #child;

  constructor({ httpPort, mediaPort, mediaHost = '127.0.0.1', announce = mediaHost, args = [] }) {
    this.httpPort = httpPort;
    this.mediaPort = mediaPort;
    this.mediaHost = mediaHost;
    this.announce = announce;
    this.args = args;
  }

  static async start(options = {}) {
    const server = new Server({ httpPort: await freePort(), mediaPort: await freePort(), ...options });
    await server.start();
    return server;
  }

  get url() {
    return `http://127.0.0.1:${this.httpPort}`;
  }

  get pid() {
    return this.#child.pid;
  }

  async start() {
    const host = this.mediaHost.includes(':') ? `[${this.mediaHost}]` : this.mediaHost;
    const args = ['serve', '--http', `127.0.0.1:${this.httpPort}`, '--media', `${host}:${this.mediaPort}`];
    this.#child = spawn(program, [...args, '--announce', this.announce, ...this.args], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.log = '';
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.on('data', (bytes) => (this.log += bytes));
    }
    await until('the server is ready', async () => {
      if (this.#child.exitCode !== null) throw new Error(`visavis ended with ${this.#child.exitCode}:\n${this.log}`);
      return /^ready/m.test(this.log);
    });
  }

  /** Ends the server and waits for it. */
  async stop(signal = 'SIGTERM') {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, 'exit');
      this.#child.kill(signal);
      await ended;
    }
    return this.#child.exitCode;
  }

  /** The sum of every /metrics sample of this name whose labels contain all of `labels`. */
  async metric(name, labels = {}) {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    const samples = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
    if (samples.length === 0 && !text.includes(`# TYPE ${name} `)) throw new Error(`no metric ${name} in:\n${text}`);
    const wanted = samples.filter((line) => Object.entries(labels).every(([key, value]) => line.includes(`${key}="${value}"`)));
    if (wanted.length === 0) throw new Error(`no ${name} with ${JSON.stringify(labels)} in:\n${samples.join('\n')}`);
    return wanted.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }
}
