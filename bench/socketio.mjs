// Our Socket.IO server beside Node's: the same load on both in the same minutes, medians, and whether each target holds.
//
//     ./dev bench socketio [--quick] [--only cpu,memory,heartbeat,threads,hold] [--scenarios handshake,…]   (docs/benchmarks.md)
//
// Server on core 0, load on core 1. Both servers get each scenario in turn, in every round in the other order.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const { values: flags } = parseArgs({ options: { quick: { type: 'boolean', default: false }, only: { type: 'string' }, scenarios: { type: 'string' }, out: { type: 'string' } } });
const programs = {
  ours: [process.env.BENCH_SERVER ?? path.join(root, 'build/release/examples/bench_server'), '--port', '0'],
  node: [process.execPath, path.join(root, 'bench/node/server.mjs'), '--port', '0'],
};
const load = path.join(root, 'build/release/bench/socketio_load');
// Odd numbers of rounds: a median of two would be the better one.
const plan = flags.quick ? { rounds: 3, heartbeats: 1, seconds: 1, warmUp: 0.6 } : { rounds: 5, heartbeats: 3, seconds: 4, warmUp: 2 };
// Mostly the kernel's: what it costs to wake the other side, or to touch what the other core has just touched, differs
// from run to run by as much as the message costs.
const jumpy = new Set(['echo-1', 'broadcast-1', 'relay', 'handshake']);
const jumpyRounds = 7;
const scratch = mkdtempSync(path.join(tmpdir(), 'socketio-bench-'));
const running = new Set();

// scenario, figure, and the target: our figure is at most this part of Node's, or at most this much by itself.
const rows = [
  { scenario: 'echo-1', figure: 'cpu_us', ratio: 1 / 3 },
  { scenario: 'echo-10', figure: 'cpu_us', ratio: 1 / 5 },
  { scenario: 'echo-1kb', figure: 'cpu_us' },
  { scenario: 'echo-binary', figure: 'cpu_us' },
  { scenario: 'broadcast-10', figure: 'cpu_us', ratio: 1 / 8 },
  { scenario: 'broadcast-1', figure: 'cpu_us', ratio: 1 / 2 },
  { scenario: 'relay', figure: 'cpu_us' },
  { scenario: 'handshake', figure: 'cpu_us', ratio: 1 / 7 },
  { scenario: 'polling-handshake', figure: 'cpu_us' },
  { scenario: 'polling-echo', figure: 'cpu_us', ratio: 1 / 4 },
  { scenario: 'upgrade', figure: 'cpu_us' },
  { scenario: 'upgrade', figure: 'p50_ms', most: 5 },
  { scenario: 'heartbeat', figure: 'cpu_us', ratio: 1 / 10 },
  { scenario: 'idle-browser', figure: 'rss_kb', most: 3 },
  { scenario: 'idle-bare', figure: 'rss_kb', most: 2 },
  { scenario: 'idle-polling', figure: 'rss_kb', most: 4 },
];

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

function run(command, options = {}) {
  const child = spawn(command[0], command.slice(1), { stdio: ['ignore', 'pipe', 'inherit'], ...options });
  running.add(child);
  child.ended = new Promise((done) => {
    child.on('error', (error) => {
      console.error(`${command[0]}: ${error.message}`);
      done(-1);
    });
    child.on('exit', (code) => done(code ?? -1));
  }).then((code) => (running.delete(child), code));
  return child;
}

async function startServer(name, { cores = '0', args = [] } = {}) {
  const child = run(['taskset', '-c', cores, ...programs[name], ...args]);
  let text = '';
  child.stdout.on('data', (data) => (text += data));
  for (let i = 0; i < 200; i++) {
    const ready = text.match(/^ready.*:(\d+)/m);
    if (ready) return { pid: child.pid, port: ready[1], stop: () => (child.kill('SIGTERM'), child.ended) };
    if (!running.has(child)) break;
    await sleep(50);
  }
  throw new Error(`the server does not start: ${programs[name].join(' ')}`);
}

let files = 0;
/** The figures of one run; nothing if it failed or took too long. */
async function measure(server, scenario, { cores = '1', args = [], limit_s = 60, seconds = plan.seconds } = {}) {
  const file = path.join(scratch, `${files++}.json`);
  const timing = ['--seconds', String(seconds), '--warm-up', String(plan.warmUp)];
  const child = run(['taskset', '-c', cores, load, '--port', server.port, '--server-pid', String(server.pid), ...timing, '--json', file, ...args, scenario]);
  child.stdout.resume();
  const timer = setTimeout(() => child.kill('SIGKILL'), limit_s * 1000);
  const code = await child.ended;
  clearTimeout(timer);
  if (code !== 0) {
    console.error(`  ${scenario} failed`);
    return undefined;
  }
  return JSON.parse(readFileSync(file, 'utf8'));
}

const found = {}; // scenario -> server -> list of figures
const keep = (scenario, name, figures) => figures && ((found[scenario] ??= {})[name] ??= []).push(figures);
const median = (list) => list.sort((a, b) => a - b)[Math.floor((list.length - 1) / 2)];
const middle = (scenario, name, figure) => {
  const list = (found[scenario]?.[name] ?? []).map((figures) => figures[figure]).filter((value) => value !== undefined);
  return list.length > 0 ? median(list) : undefined;
};

async function measureCpu() {
  const scenarios = [...new Set(rows.map((row) => row.scenario))].filter((name) => !name.startsWith('idle') && name !== 'heartbeat' && asked(name));
  const servers = { ours: await startServer('ours'), node: await startServer('node') };
  for (let round = 0; round < jumpyRounds; round++) {
    for (const scenario of scenarios.filter((name) => round < plan.rounds || jumpy.has(name))) {
      for (const name of round % 2 === 0 ? ['ours', 'node'] : ['node', 'ours']) {
        keep(scenario, name, await measure(servers[name], scenario));
      }
      process.stderr.write('.');
    }
  }
  for (const server of Object.values(servers)) await server.stop();
}

/** Each in a process that has done nothing else. */
async function measureMemory() {
  const scenarios = rows.map((row) => row.scenario).filter((name) => name.startsWith('idle'));
  for (const scenario of scenarios) {
    const both = ['ours', 'node'].map(async (name) => {
      const server = await startServer(name);
      keep(scenario, name, await measure(server, scenario));
      await server.stop();
    });
    await Promise.all(both);
    process.stderr.write('.');
  }
}

/** Beside each other: 1000 pings a second leave both cores idle. */
async function measureHeartbeat() {
  for (let round = 0; round < plan.heartbeats; round++) {
    const both = ['ours', 'node'].map(async (name) => {
      const server = await startServer(name);
      keep('heartbeat', name, await measure(server, 'heartbeat', { limit_s: 90 }));
      await server.stop();
    });
    await Promise.all(both);
    process.stderr.write('.');
  }
}

/** Two threads against one, both free to use all cores. */
async function measureThreads() {
  for (let round = 0; round < plan.rounds; round++) {
    for (const threads of [1, 2]) {
      const server = await startServer('ours', { cores: '0-1', args: ['--threads', String(threads)] });
      for (const scenario of ['broadcast-10', 'broadcast-1']) {
        keep(scenario, `threads-${threads}`, await measure(server, scenario, { cores: '0-1' }));
      }
      await server.stop();
      process.stderr.write('.');
    }
  }
}

/** 100,000 idle connections, on as many servers as it takes where a process may not have that many descriptors. */
async function measureHold() {
  const wanted = 100_000;
  const limit = Number(readFileSync('/proc/self/limits', 'utf8').match(/^Max open files\s+\S+\s+\S+/m)?.[0].split(/\s+/).at(-1) ?? wanted);
  const each = Math.min(wanted, limit - 200);
  const servers = await Promise.all(Array.from({ length: Math.ceil(wanted / each) }, () => startServer('ours', { cores: '0-1' })));
  const count = Math.ceil(wanted / servers.length);
  const loads = Math.ceil(count / 15_000);
  const measured = servers.map(async (server) => {
    const args = ['--connections', String(Math.ceil(count / loads)), '--sources', '60'];
    const parts = Array.from({ length: loads }, () => measure(server, 'hold', { cores: '0-1', limit_s: 240, seconds: 60, args }));
    const figures = (await Promise.all(parts)).filter(Boolean);
    await server.stop();
    return { ...figures[0], asked: sum(figures, 'asked'), alive: sum(figures, 'alive'), total_mb: Math.max(0, ...figures.map((part) => part.total_mb)) };
  });
  const all = await Promise.all(measured);
  return { wanted, servers: servers.length, limit, asked: sum(all, 'asked'), alive: sum(all, 'alive'), total_mb: sum(all, 'total_mb') };
}

const sum = (list, key) => list.reduce((total, part) => total + part[key], 0);
const format = (value, digits = 2) => (value === undefined ? '-' : value.toFixed(digits));
let missed = 0;
function verdict(holds) {
  if (!holds) missed++;
  return holds ? 'yes' : 'NO';
}

function tableOfRows() {
  const lines = ['| scenario | figure | ours | Node 4.8.4 | ours / Node | at most | holds |', '|---|---|---|---|---|---|---|'];
  for (const row of rows.filter(({ scenario }) => found[scenario] || !flags.only)) {
    const ours = middle(row.scenario, 'ours', row.figure);
    const node = middle(row.scenario, 'node', row.figure);
    const ratio = ours !== undefined && node ? ours / node : undefined;
    const limit = row.ratio ? `1/${Math.round(1 / row.ratio)} of Node` : row.most ? String(row.most) : '';
    let holds = '';
    if (row.ratio) holds = verdict(ratio !== undefined && ratio <= row.ratio);
    if (row.most) holds = verdict(ours !== undefined && ours <= row.most);
    lines.push(`| ${row.scenario} | ${row.figure} | ${format(ours)} | ${format(node)} | ${format(ratio, 3)} | ${limit} | ${holds} |`);
  }
  return lines;
}

function tableOfThreads() {
  const lines = ['', '| `--threads 2` | one thread, µs | two threads, µs | ratio (≤ 1.15) | busiest thread (≤ 55 %) | holds |', '|---|---|---|---|---|---|'];
  for (const scenario of ['broadcast-10', 'broadcast-1']) {
    const one = middle(scenario, 'threads-1', 'cpu_us');
    const two = middle(scenario, 'threads-2', 'cpu_us');
    const busiest = middle(scenario, 'threads-2', 'busiest');
    const holds = one && two && two / one <= 1.15 && busiest <= 0.55;
    lines.push(`| ${scenario} | ${format(one)} | ${format(two)} | ${format(one && two ? two / one : undefined)} | ${format(busiest === undefined ? undefined : busiest * 100, 1)} % | ${verdict(holds)} |`);
  }
  return lines;
}

function stopAll() {
  for (const child of running) child.kill('SIGKILL');
  rmSync(scratch, { recursive: true, force: true });
}
process.on('exit', stopAll);
process.on('SIGINT', () => process.exit(130));
process.on('SIGTERM', () => process.exit(143));

/** Of the section `cpu`, those that `--scenarios` names. */
function asked(scenario) {
  return !flags.scenarios || flags.scenarios.split(',').includes(scenario);
}
const chosen = (part) => !flags.only || flags.only.split(',').includes(part);
if (chosen('cpu')) await measureCpu();
if (chosen('memory')) await measureMemory();
if (chosen('heartbeat')) await measureHeartbeat();
if (chosen('threads')) await measureThreads();
const held = chosen('hold') && (flags.only || !flags.quick) ? await measureHold() : undefined;
process.stderr.write('\n');
const lines = [...(Object.keys(found).length > 0 ? tableOfRows() : []), ...(chosen('threads') ? tableOfThreads() : [])];
if (held) {
  const holds = verdict(held.asked >= held.wanted - 10 && held.alive === held.asked);
  lines.push('', `${held.wanted} idle connections for a minute: asked for ${held.asked} of ${held.servers} servers (descriptors a process may have here: ${held.limit}), alive at the end ${held.alive}, servers resident ${format(held.total_mb, 0)} MB: ${holds}`);
}
lines.push('', missed === 0 ? 'Every target holds.' : `${missed} targets are missed.`);
console.log(lines.join('\n'));
if (flags.out) writeFileSync(flags.out, `${lines.join('\n')}\n`);
process.exitCode = missed === 0 ? 0 : 1;
