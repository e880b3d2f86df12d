// Every feature of a Socket.IO server, asked for by the official client in the same words of parity_server and of npm's socket.io
// (parity_node.mjs): what the client sees, and what the handlers of the server see, must be the same, line by line.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { io } from 'socket.io-client';
import { example, startExample, startProgram, until, within } from './support.mjs';

const PATIENCE = 5000;
const hear = (emitter, event) => within(new Promise((r) => emitter.once(event, (x) => r(x))), event, PATIENCE);
const up = async (s) => s.connected ? 'ok' : within(new Promise((r) => { s.once('connect', () => r('ok')); s.once('connect_error', (e) => r(['err', e.message, e.data ?? null])); }), 'a connection', PATIENCE);
/** Silence is no answer that could be the same on both sides: it fails. */
const ask = (s, ...a) => within(new Promise((r) => s.emit(...a, (...v) => r(v))), `an answer to ${JSON.stringify(a)}`, PATIENCE);
/** All that the server did for these sockets before is here: each connection keeps its order. */
const settled = (...sockets) => Promise.all(sockets.map((s) => ask(s, 'rooms')));

/** The lines of one server. */
async function transcript(base, transports) {
  const lines = [];
  const T = (name, value) => lines.push(`${name}: ${JSON.stringify(value)}`);
  const open = (n, o = {}) => io(base + n, { transports: ['websocket'], forceNew: true, reconnection: false, ...o });
  const ctl = open('/ctl');
  await up(ctl);
  /** What the server's handlers have seen since the last time, once lines that begin so are among it. */
  const log = async (...beginnings) => {
    const seen = [];
    const missing = () => {
      const rest = [...seen];
      return beginnings.filter((b) => { const at = rest.findIndex((l) => l.startsWith(b)); if (at >= 0) rest.splice(at, 1); return at < 0; });
    };
    await until(() => `${JSON.stringify(missing())} in the server's log ${JSON.stringify(seen)}`, async () => (seen.push(...(await ask(ctl, 'log'))[0]), missing().length === 0), PATIENCE);
    return seen;
  };
  const upgraded = async (...sockets) => { for (const { io: { engine } } of sockets) if (transports.length > 1 && engine.transport.name !== 'websocket') await hear(engine, 'upgrade'); };
  T('at the start', await log());
  const o = { transports }; const P = transports.join('+');
  for (const auth of [{}, { fail: true }, { plain: true }, { slow: true }]) { const s = open('/', { auth, ...o }); const answer = await up(s); T(`${P} auth ${JSON.stringify(auth)}`, [answer, s.active]); s.disconnect(); T('   log', await (answer === 'ok' ? log('disconnect / ') : log())); }
  const a = open('/', o), b = open('/', o), c = open('/', o); for (const s of [a, b, c]) await up(s);
  await upgraded(a, b, c); await settled(a, b, c); await log();
  const heard = []; for (const [n, s] of [['a', a], ['b', b], ['c', c]]) s.onAny((e, ...v) => heard.push(`${n}:${e}:${v.length}`));
  const got = async () => (await settled(a, b, c), heard.splice(0).sort());
  await ask(a, 'join', 'r1'); await ask(b, 'join', 'r1'); await ask(b, 'join', 'r2'); await ask(c, 'join', 'r2'); await ask(c, 'join', 'r2');
  T(`${P} rooms`, [await ask(a, 'rooms'), await ask(b, 'rooms')]);
  for (const [r, e] of [[[], []], [['r1'], []], [['r1', 'r2'], []], [['r1'], ['r2']], [[], ['r2']], [['nope'], []], [['r1'], ['nope']], [['r1'], ['r1']]]) { await ask(a, 'to', r, e, 'x'); T(`${P} to ${r}|${e}`, await got()); }
  await ask(a, 'sto', 'r1'); T(`${P} sto`, await got()); await ask(a, 'bcast'); T(`${P} bcast`, await got()); await ask(a, 'sexcept', 'r2'); T(`${P} sexcept`, await got());
  T(`${P} fetch`, [await ask(a, 'fetch', 'r1'), await ask(a, 'fetch', 'none'), await ask(a, 'fetchall')]);
  await ask(a, 'sjoin', 'r2', 'r3'); T(`${P} sjoin`, [await ask(b, 'rooms'), await ask(a, 'rooms')]); await ask(a, 'sleave', 'r1', 'r3'); T(`${P} sleave`, [await ask(b, 'rooms'), await ask(c, 'rooms')]);
  await ask(c, 'leave-self'); T(`${P} leave-self`, await ask(c, 'rooms')); await ask(a, 'to', [c.id], [], 'own'); T(`${P} to own after leave`, await got());
  for (const s of [a, b]) s.on('q', (v, ack) => ack(v + (s === a ? 'A' : 'B')));
  T(`${P} ask both`, await ask(a, 'ask', 'r1', 4000)); await got(); T(`${P} ask with silent`, await ask(a, 'ask', 'r2', 1000)); await got(); T(`${P} ask none`, await ask(a, 'ask', 'none', 100));
  T(`${P} askself`, [await ask(a, 'askself', 4000), await ask(c, 'askself', 50)]);
  a.off('q'); a.on('q', (v, ack) => ack()); T(`${P} askself empty`, await ask(a, 'askself', 4000)); a.off('q'); a.on('q', (v, ack) => ack(Buffer.from('z'))); T(`${P} askself bin`, await ask(a, 'askself', 4000)); await got();
  a.emit('once'); a.emit('once'); await settled(a); T(`${P} once`, await log());
  T(`${P} acks`, [await ask(a, 'multi'), await ask(a, 'empty'), await ask(a, 'twice'), await ask(a, 'undef')]);
  await ask(a, 'any'); await ask(a, 'empty'); a.emit('unknown', 1, 2); a.emit('bad'); T(`${P} any`, await log('error bad event'));
  T(`${P} slowev order`, await Promise.all([ask(a, 'slowev'), ask(a, 'fast')]));
  await log(); await ask(b, 'out'); await ask(b, 'emit2'); await ask(a, 'to', ['r1'], [], 'x'); T(`${P} out`, await log()); T(`${P} heard`, await got());
  b.emit('bad', 1); b.emit('disc', false); T(`${P} disc`, [await hear(b, 'disconnect'), await log('disconnect / ')]);
  b.connect(); T(`${P} again`, await up(b)); b.emit('disc', true); T(`${P} disc true`, [await hear(b, 'disconnect'), await log('disconnect / ')]);
  a.disconnect(); T(`${P} client disc`, await log('disconnect / '));
  c.io.engine.close(); T(`${P} transport close`, await log('disconnect / '));
  // several namespaces on one connection
  const m = io(base + '/', { transports, reconnection: false, forceNew: true }); const mgr = m.io; await up(m); const r1 = mgr.socket('/rooms'); await up(r1); await upgraded(m); await settled(m, r1); T(`${P} multi`, await log());
  await ask(r1, 'join', 'x'); await ask(r1, 'join', 'y'); await ask(r1, 'leave', 'x'); T(`${P} rooms events`, await log());
  r1.emit('disc', true); T(`${P} disc true closes both`, [await hear(m, 'disconnect'), await log('disconnect / ', 'disconnect /rooms ')]);
  // sdisc
  const s1 = open('/', o), s2 = open('/', o); await up(s1); await up(s2); await ask(s1, 'join', 'z'); await ask(s2, 'join', 'z'); await log(); const w = Promise.all([s1, s2].map((s) => hear(s, 'disconnect'))); s1.emit('sdisc', 'z', false); T(`${P} sdisc`, [await w, await log('disconnect / ', 'disconnect / ')]);
  s1.connect(); await up(s1); await ask(s1, 'join', 'z'); await log(); const w2 = hear(s1, 'disconnect'); s1.emit('sdisc', 'z', true); T(`${P} sdisc close`, [await w2, await log('disconnect / ')]); s1.disconnect(); s2.disconnect();
  // dynamic
  for (const [n, auth] of [['/dyn-1', {}], ['/dyn-1', { no: true }], ['/dyn-x', {}], ['/fn', {}], ['/fn', { ok: true }], ['/late', {}], ['/err', {}], ['/dyn-2', { fail: true }], ['/', { auth: 1 }]]) { const d = open(n, { ...o, auth }); const answer = await up(d); T(`${P} dyn ${n} ${JSON.stringify(auth)}`, answer); d.disconnect(); T('   log', await (answer === 'ok' ? log(`disconnect ${n} `) : log())); T('   nsps', await ask(ctl, 'nsps')); }
  const d1 = open('/dyn-1', o), d2 = open('/dyn-2', o); await up(d1); await up(d2); const dh = []; d1.onAny((e) => dh.push('1' + e)); d2.onAny((e) => dh.push('2' + e)); await ask(ctl, 'dyn-all'); await settled(d1, d2); T(`${P} dyn all`, dh.sort()); await log(); for (const [d, n] of [[d1, '/dyn-1'], [d2, '/dyn-2']]) { d.disconnect(); T(`${P} dyn gone`, [await log(`disconnect ${n} `), await ask(ctl, 'nsps')]); }
  const h = open('/?q=1&q=2&z=%C3%A9', { ...o, auth: { t: { deep: [1] } } }); await up(h); const hs = (await ask(h, 'hs'))[0]; if (hs.keys === undefined) { hs.keys = Object.keys(hs); hs.headers = Object.keys(hs.headers).sort(); hs.ti = typeof hs.issued; delete hs.issued; delete hs.time; }
  hs.url = String(hs.url).replace(/([?&])t=[^&]*/g, '$1t=T'); delete hs.query.t; delete hs.address; hs.keys.sort(); T(`${P} hs`, Object.fromEntries(Object.entries(hs).sort())); h.disconnect(); await log('disconnect / ');

  ctl.disconnect();
  return lines;
}

describe('every feature is as on Node', { skip: existsSync(example('parity_server')) ? false : 'no parity_server built' }, () => {
  for (const transports of [['websocket'], ['polling'], ['polling', 'websocket']]) {
    it(`over ${transports.join(' and ')}`, { timeout: 60000 }, async (t) => {
      const node = fileURLToPath(new URL('parity_node.mjs', import.meta.url));
      const started = async (starting) => {
        const { address, program } = await starting;
        t.after(() => program.kill('SIGKILL'));
        return address.replace('localhost', '127.0.0.1');
      };
      const addresses = [await started(startExample('parity_server')), await started(startProgram(process.execPath, [node]))];
      const [ours, theirs] = await Promise.all(addresses.map((address) => transcript(address, transports)));
      assert.ok(ours.length > 60, `${ours.length} lines`);
      assert.deepEqual(ours, theirs);
    });
  }
});
