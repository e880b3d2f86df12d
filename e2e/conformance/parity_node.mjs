// What parity_server.cpp is, on npm's socket.io.

import { createServer } from 'node:http';
import { Server } from 'socket.io';

const http = createServer((_, response) => response.writeHead(404).end());
const io = new Server(http, { cleanupEmptyChildNamespaces: true, pingInterval: 25000 });
let log = []; const L = (s) => log.push(s);
io.use((s, next) => { const a = s.handshake.auth; if (a.fail) { const e = new Error('nope'); e.data = { code: 7, c: 'x' }; next(e); } else if (a.plain) next(new Error('plain')); else if (a.slow) setTimeout(next, 20); else next(); });
io.use((s, next) => { L('second'); next(); });
const serve = (s) => {
  const nm = s.nsp.name;
  L(`connect ${nm}`);
  s.on('join', (r, ack) => { s.join(r); ack(); }); s.on('leave', (r, ack) => { s.leave(r); ack(); });
  s.on('rooms', (ack) => ack([...s.rooms].map((r) => (r === s.id ? 'self' : r)).sort()));
  s.on('leave-self', (ack) => { s.leave(s.id); ack(); });
  s.on('to', (rooms, except, ev, ack) => { let o = s.nsp; for (const r of rooms) o = o.to(r); for (const r of except) o = o.except(r); o.emit(ev, 1, { a: Buffer.from('b') }); ack(); });
  s.on('sto', (r, ack) => { s.to(r).emit('sto'); ack(); }); s.on('bcast', (ack) => { s.broadcast.emit('bcast'); ack(); });
  s.on('sexcept', (r, ack) => { s.except(r).emit('sexcept'); ack(); });
  s.on('fetch', async (r, ack) => { const f = await s.nsp.in(r).fetchSockets(); ack(f.map((x) => x.rooms.size).sort()); });
  s.on('fetchall', async (ack) => { const f = await s.nsp.fetchSockets(); ack(f.length); });
  s.on('sjoin', (r, t, ack) => { s.nsp.in(r).socketsJoin(t); ack(); }); s.on('sleave', (r, t, ack) => { s.nsp.in(r).socketsLeave(t); ack(); });
  s.on('sdisc', (r, close) => s.nsp.in(r).disconnectSockets(close));
  s.on('ask', (r, ms, ack) => s.nsp.to(r).timeout(ms).emit('q', 'x', (err, res) => ack(!!err, res.sort())));
  s.on('askself', (ms, ack) => s.timeout(ms).emit('q', 'y', (err, v) => ack(err ? 'timeout' : v ?? null)));
  s.once('once', () => L('once')); s.on('multi', (ack) => ack(1, 'two', [3])); s.on('empty', (ack) => ack());
  s.on('twice', (ack) => { ack(1); ack(2); }); s.on('undef', (ack) => ack(undefined, null));
  s.on('any', (ack) => { s.onAny((e, ...a) => L(`any ${e} ${a.length}`)); s.prependAny((e) => L(`pre ${e}`)); ack(); });
  s.on('out', (ack) => { s.onAnyOutgoing((e, ...a) => L(`out ${e} ${a.length}`)); ack(); });
  s.use(([e], next) => { if (e === 'bad') next(new Error('bad event')); else if (e === 'slowev') setTimeout(next, 20); else next(); });
  s.on('error', (e) => L(`error ${e.message}`)); s.on('bad', () => L('never')); s.on('slowev', (ack) => ack('slow')); s.on('fast', (ack) => ack('fast'));
  s.on('disc', (c) => s.disconnect(c)); s.on('emit2', (ack) => { s.emit('a', 1); s.volatile.emit('b', 2); s.compress(false).emit('c'); ack(); });
  s.on('hs', (ack) => { const { headers, time, address, issued, ...h } = s.handshake; ack({ ...h, keys: Object.keys(s.handshake), headers: Object.keys(headers).sort(), ti: typeof issued, address }); });
  s.on('disconnecting', (r) => L(`disconnecting ${nm} ${r} ${s.rooms.size}`)); s.on('disconnect', (r) => L(`disconnect ${nm} ${r} ${s.rooms.size}`));
};
io.on('connection', serve);
io.on('new_namespace', (n) => L(`new ${n.name}`));
const dyn = io.of(/^\/dyn-\d+$/); dyn.use((s, next) => (s.handshake.auth.no ? next(new Error('dyn no')) : next())); dyn.on('connection', serve);
io.of((name, auth, next) => next(null, name === '/fn' && auth.ok === true)).on('connection', serve);
io.of((name, auth, next) => setTimeout(() => (name === '/err' ? next(new Error('boom'), false) : next(null, name === '/late')), 10)).on('connection', serve);
const rooms = io.of('/rooms'); rooms.on('connection', serve);
for (const e of ['create-room', 'delete-room', 'join-room', 'leave-room']) rooms.adapter.on(e, (r) => L(`${e} ${r.length === 20 ? 'ID' : r}`));
io.of('/ctl').on('connection', (s) => {
  s.on('log', (ack) => { ack(log); log = []; }); s.on('dyn-all', (ack) => { dyn.emit('dyn-all'); ack(); });
  s.on('nsps', (ack) => ack([...io._nsps.keys()].sort()));
});
http.listen(0, () => console.log(`ready on http://localhost:${http.address().port}`));
