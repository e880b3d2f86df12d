// The programs of e2e/interop: WebRTC of another make, on Debian's Python.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { until } from './until.mjs';

const folder = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../interop');

/** A program that tells what happens in lines. */
export class Python {
  lines = [];
  #child;
  #complaints = '';

  constructor(script, args) {
    // Not `python3`: another one may come first in the path, without Debian's packages.
    this.#child = spawn('/usr/bin/python3', [path.join(folder, script), ...args]);
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.lines.push(line));
    this.#child.stderr.on('data', (bytes) => (this.#complaints += bytes));
  }

  get pid() {
    return this.#child.pid;
  }

  /** The first line from which `read` makes something; `what` is its name. */
  async told(what, read) {
    return until(
      () => `${what}; it said:\n${this.lines.join('\n').slice(-2000)}\n${this.#complaints}`,
      () => {
        for (const line of this.lines) {
          const found = read(line);
          if (found) return found;
        }
        if (this.#child.exitCode !== null) throw new Error(`it ended with ${this.#child.exitCode} before ${what}:\n${this.#complaints}`);
        return undefined;
      },
    );
  }

  /** Lets it end as it likes to when its input does. */
  async finish() {
    await this.#end(() => this.#child.stdin.end());
  }

  async kill() {
    await this.#end(() => this.#child.kill());
  }

  async #end(how) {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'close');
    how();
    await ended;
  }
}

/** A WHIP publisher or a WHEP player; its lines are JSON. */
export class ForeignClient extends Python {
  constructor(what, url, ...args) {
    super('client.py', [what, url, ...args]);
  }

  event(what, wanted) {
    return this.told(what, (line) => {
      const event = JSON.parse(line);
      return wanted(event) ? event : undefined;
    });
  }

  async connects() {
    const { status, answer } = await this.event('the response', (event) => event.status);
    if (status !== 201) throw new Error(`${status}: ${answer}`);
    await this.event('it is connected', ({ connection }) => connection === 'connected');
  }

  /** The status of its DELETE. */
  async hangUp() {
    await this.finish();
    return (await this.event('its DELETE', ({ deleted }) => deleted)).deleted;
  }
}
