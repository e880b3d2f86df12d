// What a viewer costs the server, beside the floor of the same minutes: every figure of docs/benchmarks.md about media, and
// whether its target holds.
//
//     ./dev bench media [--quick] [--only NAME[,NAME]] [--rounds N] [--out FILE]
//
// Server (all its threads) and floor on core 0, generator on core 1. Repeated and interleaved; medians.
import { spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, release } from 'node:os';
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const build = path.join(root, 'build/release');
const { values: flags } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, only: { type: 'string' }, rounds: { type: 'string' }, out: { type: 'string', default: path.join(root, 'build/bench/media.json') } },
});
const quick = flags.quick;
const plan = {
  cost: quick ? { rounds: 3, seconds: 6 } : { rounds: 7, seconds: 10 },
  capacity: quick ? { step: 1000, most: 2000, seconds: 4 } : { step: 500, most: 3500, seconds: 8 },
  memory: { seconds: 2 },
  firstFrame: { rounds: quick ? 3 : 7 },
  rooms: quick ? { rounds: 3, rooms: 200, seconds: 5 } : { rounds: 3, rooms: 500, seconds: 10 },
  churn: { seconds: quick ? 60 : 600 },
};
if (flags.rounds) {
  for (const section of [plan.cost, plan.firstFrame, plan.rooms]) section.rounds = Number(flags.rounds);
}
// A bound on what no limit of a section should reach, so that one that hangs does not take the others with it.
const patience = { floor: 120, load: 300 };

const scratch = mkdtempSync(path.join(tmpdir(), 'media-bench-'));
const running = new Set();
const report = { rows: [], raw: {} };

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const say = (text) => process.stderr.write(`${text}\n`);

function start(core, command, options = {}) {
  const child = spawn('taskset', ['-c', String(core), ...command], { stdio: ['ignore', 'pipe', 'inherit'], ...options });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** Runs a program to its end; its standard output. */
async function run(core, command, seconds) {
  const child = start(core, command);
  let output = '';
  child.stdout.on('data', (bytes) => (output += bytes));
  const timer = setTimeout(() => child.kill('SIGKILL'), seconds * 1000);
  const [code] = await once(child, 'close');
  clearTimeout(timer);
  if (code !== 0) throw new Error(`${path.basename(command[0])} ended with ${code ?? `SIGKILL after ${seconds} s`}: ${output.trim().slice(-300)}`);
  return output;
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

/** A server of its own for each section: memory and counters begin anew. Thousands of viewers come from one machine here, which
 *  is the only thing that the limits below allow for. */
async function withServer(body, limits = []) {
  const port = await freePort();
  const web = path.join(scratch, 'web');
  mkdirSync(web, { recursive: true });
  writeFileSync(path.join(web, 'index.html'), '<!doctype html>');
  const log = path.join(scratch, 'server.log');
  const raised = ['peers=20000', 'whip-sessions=20000', 'whip-sessions-per-address=20000', 'participants-per-room=2000', ...limits];
  const out = openSync(log, 'w');
  const child = start(0, [path.join(build, 'visavis'), 'serve', '--http', `127.0.0.1:${port}`, '--media', `127.0.0.1:${await freePort()}`,
    '--announce', '127.0.0.1', '--web', web, ...raised.flatMap((limit) => ['--limit', limit])], { stdio: ['ignore', out, out] });
  try {
    for (let tries = 0; !/^ready/m.test(readFileSync(log, 'utf8')); ++tries) {
      if (child.exitCode !== null || tries > 100) throw new Error(`the server did not start: ${readFileSync(log, 'utf8').slice(-400)}`);
      await sleep(100);
    }
    return await body({ url: `http://127.0.0.1:${port}`, pid: child.pid });
  } finally {
    child.kill('SIGTERM');
    const ended = once(child, 'exit');
    const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
    if (child.exitCode === null && child.signalCode === null) await ended;
    clearTimeout(timer);
  }
}

/** One run of the generator; what it wrote as JSON. `pid` is the server's: taskset has become it. */
async function load(server, args, seconds = patience.load) {
  const file = path.join(scratch, 'load.json');
  rmSync(file, { force: true });
  await run(1, [path.join(build, 'visavis-load'), ...args, '--over', 'whip', '--server', server.url, '--server-pid', String(server.pid), '--json', file], seconds);
  const whole = JSON.parse(readFileSync(file, 'utf8'));
  for (const result of whole.results) {
    if (result.ownLimit) say(`the generator was the limit: ${result.ownLimit}`);
  }
  return whole;
}

// How clients read, of the generator and of the floor's receiver alike: every millisecond, as a network card that moderates its
// interrupts hands packets over. Who sleeps until they come makes the sender's core pay for waking it, in each send.
const tickUs = 1000;
const readsByTick = ['--read-tick-us', String(tickUs)];

// The first is what a ratio is taken to: the generator's kind of receiver on the generator's core, bursts as far apart as the
// publisher's, and one of its other stream between two: video finds the caches as audio left them. Beside it, the way of before: bursts one after another, to a socket that is drained in between.
const floorKinds = {
  floor: ({ pauseUs, other }) => ['--live-receiver', '1', '--receiver-tick-us', String(tickUs), '--pause-us', String(pauseUs), '--rounds', '5', '--burst', '1', '--burst', '2', '--burst', '5', '--burst', '10',
    '--between-bytes', String(other.bytes), '--between-burst', String(other.burst)],
  floorDrained: () => ['--loopback', '--rounds', '21'],
};

/** µs of CPU per packet of the floor, as a line over 1/k: what a burst costs is shared by its packets. */
async function floorOf(kind, cipher, bytes, between) {
  const output = await run(0, [path.join(build, 'bench/forward_floor'), ...floorKinds[kind](between), '--profile', cipher, '--packet-bytes', String(bytes), '--json'], patience.floor);
  const { cases } = JSON.parse(output);
  const x = cases.map(({ burst }) => 1 / burst);
  const y = cases.map(({ us }) => us);
  const mean = (of) => of.reduce((a, b) => a + b, 0) / of.length;
  const slope = x.reduce((sum, at, i) => sum + (at - mean(x)) * (y[i] - mean(y)), 0) / x.reduce((sum, at) => sum + (at - mean(x)) ** 2, 0);
  return (k) => mean(y) + slope * (1 / k - mean(x));
}

/** The floor of what a publisher has sent: video and audio each have their sizes and bursts. */
async function floorUnder(kind, cipher, result, seconds) {
  const kinds = [result.videoPublished, result.audioPublished];
  const sum = (of) => kinds.reduce((all, one) => all + of(one), 0);
  const pauseUs = Math.round((seconds * 1e6) / sum((one) => one.bursts));
  const bytesOf = (one) => Math.min(1200, Math.round(one.bytes / one.packets) - (cipher === 'gcm' ? 16 : 10));
  let floor = 0;
  for (const [index, one] of kinds.entries()) {
    const other = kinds[1 - index];
    const between = { pauseUs, other: { bytes: bytesOf(other), burst: Math.max(1, Math.round(other.packets / other.bursts)) } };
    floor += (one.packets / sum((all) => all.packets)) * (await floorOf(kind, cipher, bytesOf(one), between))(one.packets / one.bursts);
  }
  return floor;
}

/** Whether the floor is one: the worst ratio to the table of the class of machine, into a device that swallows everything. Else the
 *  ratios above it say nothing. Where even sending alone costs more than that, the machine may be of another class: the table with
 *  what sending alone costs here in its place is told beside it, and judged too. */
async function floorBesideTable() {
  const figure = 'the floor into a swallowing device beside the table of the design, its worst case';
  const target = '≤ 1.25 × the table';
  if (process.getuid() !== 0) {
    row(figure, target, 'not measured: only root may have a device', undefined);
    return;
  }
  const { cases } = JSON.parse(await run(0, [path.join(build, 'bench/forward_floor'), '--rounds', '7', '--json'], patience.floor));
  keep('floorBesideTable', cases);
  const worst = (of) => Math.max(...cases.map(of));
  const ratio = worst((one) => one.ratio);
  const sending = worst((one) => one.sendingRatio);
  row(figure, target, `${fixed(ratio)} × (sending alone up to ${fixed(sending)} × the table's)`, ratio <= 1.25);
  if (sending > 1.25) {
    const here = worst((one) => one.ratioHere);
    row('the same beside that table with what sending alone costs here', target, `${fixed(here)} ×`, here <= 1.25);
  }
}

function row(name, target, result, holds) {
  report.rows.push({ name, target, result, holds });
  say(`${name}: ${result} (${target}: ${holds === undefined ? 'not judged' : holds ? 'holds' : 'MISSED'})`);
}

const keep = (name, value) => (report.raw[name] ??= []).push(value);
const fixed = (value, digits = 2) => value.toFixed(digits);

// Broadcast 1 → 200 beside the floor of the same sizes, bursts and receiver; and once more with a receiver that sleeps until
// packets come, beside the floor that is drained.
async function cost() {
  const { rounds, seconds } = plan.cost;
  const measured = { gcm: [], cm: [] };
  let lost = 0;
  const serve = async (cipher, reading) => {
    const { results: [result] } = await withServer((server) =>
      load(server, ['broadcast', '--viewers', '200', '--rate', '200', '--cipher', cipher, '--settle', '4', '--duration', String(seconds), ...reading]));
    lost = Math.max(lost, result.loss);
    return result;
  };
  for (let round = 0; round < rounds; ++round) {
    for (const cipher of round % 2 === 0 ? ['gcm', 'cm'] : ['cm', 'gcm']) {
      const ticking = await serve(cipher, readsByTick);
      const floor = await floorUnder('floor', cipher, ticking, seconds);
      const sleeping = await serve(cipher, []);
      const floorDrained = await floorUnder('floorDrained', cipher, sleeping, seconds);
      const one = { us: ticking.server.cpuPerPacketUs, floor, sleepingUs: sleeping.server.cpuPerPacketUs, floorDrained };
      keep('cost', { cipher, ...one, ticking, sleeping });
      measured[cipher].push({ ...one, ratio: one.us / floor, sleepingRatio: one.sleepingUs / floorDrained });
    }
  }
  for (const [cipher, name] of [['gcm', 'AES-GCM'], ['cm', 'AES-CM-SHA1']]) {
    const of = (key) => median(measured[cipher].map((one) => one[key]));
    row(`CPU per forwarded packet, 1 → 200 at 1.5 Mbit/s, ${name}`, '≤ 1.5 × the floor',
      `${fixed(of('us'), 3)} µs, floor ${fixed(of('floor'), 3)} µs: ${fixed(of('ratio'))} × (clients that sleep until packets come: ` +
      `${fixed(of('sleepingUs'), 3)} µs, drained floor ${fixed(of('floorDrained'), 3)} µs: ${fixed(of('sleepingRatio'))} ×)`, of('ratio') <= 1.5);
  }
  await floorBesideTable();
  if (lost > 0) say(`up to ${fixed(lost * 100, 4)} % of packets were lost in those runs`);
}

// The ramp ends at its own bar (p99 50 ms); here a step holds at 20 ms.
async function capacity() {
  const { step, most, seconds } = plan.capacity;
  const whole = await withServer((server) =>
    load(server, ['broadcast', '--ramp', String(step), '--ramp-max', String(most), '--rate', '150', '--settle', '4', '--duration', String(seconds)], 600));
  keep('capacity', whole);
  const holds = (of) => !of.ownLimit && !of.shortfall && of.latencyMs.p99 <= 20;
  const good = whole.results.filter(holds).at(-1);
  const at1000 = whole.results.find((of) => of.viewers === 1000);
  const viewers = good?.viewers ?? 0;
  const generator = whole.results.find((of) => of.ownLimit);
  const share = at1000 ? `; 1,000 take ${fixed(at1000.server.cpuShare * 100, 0)} % of the core` : '';
  const what = good ? `${viewers} (p99 ${fixed(good.latencyMs.p99, 1)} ms, ${fixed(good.server.cpuShare * 100, 0)} % of the core)` : 'none';
  // Where the generator ends first, the share of the core is the figure, and is not judged.
  row('viewers on one core at loss ≤ 0.1 %, p99 ≤ 20 ms', '≥ 2,000', `${what}${share}${generator ? '; the generator was the limit beyond' : ''}`,
    viewers >= 2000 ? true : generator ? undefined : false);
}

// What the second 500 add: the first have paid for pools, and for the handshakes' peak. The log is small, full, and so the same.
async function memory() {
  const { results } = await withServer((server) =>
    load(server, ['broadcast', '--bitrate', '500000', '--ramp', '500', '--ramp-max', '1000', '--keep-going', '--rate', '50', '--lead', '8', '--settle', '8', '--duration', String(plan.memory.seconds)]),
  ['log-bytes-per-layer=262144']);
  keep('memory', results);
  if (results.length < 2) throw new Error(`only ${results.length} steps: ${results.at(-1)?.shortfall}`);
  const added = (results[1].server.residentAfter - results[0].server.residentAfter) / (results[1].viewers - results[0].viewers);
  const first = (results[0].server.residentAfter - results[0].server.residentBefore) / results[0].viewers;
  row('memory per viewer, beside the log', '≤ 16 KB', `${fixed(added / 1024, 1)} KB (of the second 500; the first 500: ${fixed(first / 1024, 1)} KB)`, added <= 16 * 1024);
}

// A publisher with a keyframe that is young enough for a still, and one that has sent none for long.
async function firstFrame() {
  const leads = [3, 10];
  const measured = new Map(leads.map((lead) => [lead, []]));
  for (let round = 0; round < plan.firstFrame.rounds; ++round) {
    for (const lead of leads) {
      const { results: [result] } = await withServer((server) =>
        load(server, ['broadcast', '--viewers', '200', '--rate', '200', '--lead', String(lead), '--settle', '0', '--duration', '1']));
      keep('firstFrame', { lead, ...result });
      if (result.firstFrameMs.count !== 200) throw new Error(`${result.firstFrameMs.count} of 200 saw a frame`);
      measured.get(lead).push(result.firstFrameMs);
    }
  }
  for (const [lead, results] of measured) {
    const [p50, p99] = ['p50', 'p99'].map((key) => median(results.map((one) => one[key])));
    row(`first frame after POST /whep, 200 viewers in a second, publisher live for ${lead} s, p50`, '≤ 20 ms', `${fixed(p50, 1)} ms`, p50 <= 20);
    row('the same, p99', '≤ 60 ms', `${fixed(p99, 1)} ms`, p99 <= 60);
  }
}

// The same publishers and viewers, the same packets; only the number of rooms differs.
async function rooms() {
  const { rounds, seconds } = plan.rooms;
  const ratios = [];
  const args = ['broadcast', '--rooms', String(plan.rooms.rooms), '--viewers', '3', '--bitrate', '100000', '--fps', '15', '--no-audio', '--rate', '150', '--settle', '6', '--duration', String(seconds), ...readsByTick];
  for (let round = 0; round < rounds; ++round) {
    const cost = {};
    for (const kind of round % 2 === 0 ? ['many', 'one'] : ['one', 'many']) {
      const { results: [result] } = await withServer((server) => load(server, kind === 'one' ? [...args, '--one-room'] : args));
      keep('rooms', { kind, ...result });
      if (result.failed > 0) throw new Error(`${result.failed} clients failed: ${result.failure}`);
      cost[kind] = result.server.cpuPerPacketUs;
    }
    ratios.push(cost.many / cost.one);
  }
  const ratio = median(ratios);
  row(`${plan.rooms.rooms} rooms of 4 (a publisher, three viewers) beside one room of the same packets`, '≤ 1.2 × its cost per packet', `${fixed(ratio)} ×`, ratio <= 1.2);
}

async function churn() {
  const { seconds } = plan.churn;
  const { results: [result] } = await withServer((server) =>
    load(server, ['churn', '--viewers', '100', '--rate', '100', '--churn', '200', '--stay', '1', '--settle', '6', '--duration', String(seconds)], seconds + 120));
  keep('churn', result);
  row('p99 forwarding latency under 200 joins and leaves a second', '≤ 20 ms', `${fixed(result.latencyMs.p99, 1)} ms (p50 ${fixed(result.latencyMs.p50, 1)} ms)`, result.latencyMs.p99 <= 20);
  const perJoin = result.server.residentBytesPerMinute / (200 * 60);
  // 8 bytes a join would be 1 MB in these 10 minutes: below the noise of an allocator. A minute shows no less than its noise.
  const bar = quick ? 100 : 8;
  const good = Math.abs(result.joins - 200 * seconds) < 20 * seconds && result.failed === 0;
  row(`${seconds / 60} min of 200 joins and leaves a second: slope of memory`, `≤ ${bar} bytes a join`,
    `${fixed(perJoin, 1)} bytes a join (${result.joins} joins, ${result.failed} failed, ${fixed(result.server.residentAfter / 1e6, 1)} MB at the end)`, good && perJoin <= bar);
}

const sections = { cost, capacity, memory, firstFrame, rooms, churn };

function table() {
  const git = spawnSync('git', ['-C', root, 'rev-parse', '--short', 'HEAD'], { encoding: 'utf8' });
  const mark = (holds) => (holds === undefined ? '-' : holds ? 'yes' : '**no**');
  return [
    `${cpus()[0].model}, ${cpus().length} cores, Linux ${release()}, commit ${git.stdout.trim()}${quick ? ', quick' : ''}`,
    '',
    '| figure | target | measured | holds |',
    '|---|---|---|---|',
    ...report.rows.map((of) => `| ${of.name} | ${of.target} | ${of.result} | ${mark(of.holds)} |`),
  ].join('\n');
}

async function main() {
  if (cpus().length < 2) throw new Error('two cores are needed: one for the server, one for the generator');
  const names = flags.only ? flags.only.split(',') : Object.keys(sections);
  const unknown = names.filter((name) => !(name in sections));
  if (unknown.length > 0) throw new Error(`no such section: ${unknown}; there are ${Object.keys(sections)}`);
  const busy = Number(readFileSync('/proc/loadavg', 'utf8').split(' ')[0]);
  if (busy > 0.7) say(`this machine is busy (load ${busy}): the figures will be worse than the server`);
  let broken = 0;
  for (const name of names) {
    say(`--- ${name}`);
    const began = Date.now();
    try {
      await sections[name]();
    } catch (error) {
      ++broken;
      row(name, '-', `not measured: ${error.message}`, false);
    }
    say(`--- ${name} took ${fixed((Date.now() - began) / 1000, 0)} s`);
  }
  console.log(table());
  mkdirSync(path.dirname(flags.out), { recursive: true });
  writeFileSync(flags.out, JSON.stringify(report, null, 1));
  const missed = report.rows.filter((of) => of.holds === false).length - broken;
  console.log(`${report.rows.length - missed - broken} hold or are not judged, ${missed} missed, ${broken} not measured; all figures: ${path.relative(root, flags.out)}`);
  return missed + broken > 0 ? 1 : 0;
}

const stop = () => {
  for (const child of running) child.kill('SIGKILL');
  rmSync(scratch, { recursive: true, force: true });
};
process.on('SIGINT', () => { stop(); process.exit(130); });
try {
  process.exitCode = await main();
} catch (error) {
  console.error(`bench media: ${error.message}`);
  process.exitCode = 2;
} finally {
  stop();
}
