// Connection state recovery, as the official client asks for it: on one thread and on several, over each transport.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { clients, event, pause, Polling, startProgram, until, Wire, within } from './support.mjs';

const PROGRAM = process.env.CONFORMANCE_PROGRAM;
const SLOW_RETURN = { reconnectionDelay: 300, reconnectionDelayMax: 300, randomizationFactor: 0 };

/** One session by hand: `send`, and `receive` for the next Socket.IO packet. */
async function openBy(transport, server) {
  if (transport === 'websocket') {
    const wire = await Wire.open('/socket.io/', { server });
    return { send: (packet) => wire.send(packet), receive: () => wire.receive(), ended: () => wire.expectClosed(), close: () => wire.close() };
  }
  const session = await Polling.open('/socket.io/', server);
  const inbox = [];
  return {
    send: (packet) => session.post(packet),
    async receive() {
      while (inbox.length === 0) inbox.push(...(await session.receive()));
      return inbox.shift();
    },
    async ended() {
      let status = 200;
      for (let i = 0; status === 200 && i < 5; ++i) status = (await session.get()).status;
      assert.equal(status, 400);
    },
    close() {},
  };
}

/** In "/": what CONNECT was answered with, and the packets that came before that answer. */
async function join(transport, server, payload = '') {
  const session = await openBy(transport, server);
  await session.send(`40${payload && JSON.stringify(payload)}`);
  const missed = [];
  for (;;) {
    const packet = await session.receive();
    if (packet.startsWith('40')) return Object.assign(session, JSON.parse(packet.slice(2)), { missed });
    missed.push(JSON.parse(packet.slice(2)));
  }
}
const next = async (session) => JSON.parse((await session.receive()).slice(2));

for (const flags of [[], ['--threads', '2']]) {
  describe(`connection state recovery ${flags.join(' ')}`, { skip: PROGRAM ? false : 'no program given' }, () => {
    let server;
    let url;
    let made;
    before(async () => {
      server = await startProgram(PROGRAM, ['--port', '0', '--patient', '--recovery', '--expire', '60000', ...flags]);
      url = new URL(server.address);
      made = clients(() => server.address);
    });
    after(async () => {
      made?.end();
      await server?.stop();
    });

    for (const transports of [['polling'], ['websocket'], ['polling', 'websocket']]) {
      it(`gives id and missed events back, in order, over ${transports.join(' and ')}`, async () => {
        const other = await made.connected('/', { transports: ['websocket'] });
        const socket = await made.connected('/', { transports, ...SLOW_RETURN });
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

    for (const transport of ['websocket', 'polling']) {
      it(`takes a session over whose old connection still looks alive, over ${transport}`, async () => {
        const old = await join(transport, url);
        const offset = (await next(old)).at(-1);
        // Over several threads some of them come to another one.
        let session = old;
        for (let i = 0; i < 4; ++i) {
          const taker = await join(transport, url, { pid: old.pid, offset });
          assert.equal(taker.sid, old.sid);
          assert.equal(taker.pid, old.pid);
          await session.ended();
          session = taker;
        }
        await session.send('42["message",7]');
        for (;;) {
          const [name, value] = await next(session);
          if (name !== 'message-back') continue;
          assert.equal(value, 7);
          break;
        }
        session.close();
      });

      it(`recovers before the first event, over ${transport}`, async () => {
        const other = await made.connected('/', { transports: ['websocket'] });
        const first = await openBy(transport, url);
        await first.send('40');
        const { sid, pid } = JSON.parse((await first.receive()).slice(2));
        // It has seen nothing of what was sent to it: neither `auth` nor what comes now.
        other.emit('tell', 'unseen');
        await event(other, 'told');
        const back = await join(transport, url, { pid });
        assert.equal(back.sid, sid);
        const names = back.missed.map((packet) => packet[0]);
        while (!names.includes('told')) names.push((await next(back))[0]);
        assert.ok(names.indexOf('auth') >= 0 && names.indexOf('auth') < names.indexOf('told'), String(names));
        back.close();
      });

      it(`goes on from a volatile event, over ${transport}`, async () => {
        const other = await made.connected('/', { transports: ['websocket'] });
        const first = await join(transport, url);
        await next(first);
        const pending = next(first);
        if (transport === 'polling') await pause(50);
        // What is volatile needs a poll that waits; if it was not there yet, all is lost, and said again.
        const whispered = () => (other.emit('whisper', 'quiet'), Promise.race([pending, pause(1000)]));
        const [name, text, offset] = await until('the volatile event', whispered);
        assert.deepEqual([name, text, typeof offset], ['told', 'quiet', 'string']);
        other.emit('tell', 'missed');
        await event(other, 'told');
        const back = await join(transport, url, { pid: first.pid, offset });
        assert.equal(back.sid, first.sid);
        const missed = back.missed.filter((packet) => packet[0] === 'told').map((packet) => packet[1]);
        if (missed.length === 0) missed.push((await next(back))[1]); // from another thread: as likely just after it is back
        assert.deepEqual(missed, ['missed']);
        back.close();
      });

      it(`tells of a session that nobody came back for, over ${transport}`, async () => {
        const quick = await startProgram(PROGRAM, ['--port', '0', '--patient', '--recovery', '--expire', '200', ...flags]);
        const watching = clients(() => quick.address);
        try {
          const watcher = await watching.connected('/', { transports: ['websocket'] });
          const expired = event(watcher, 'expired');
          const gone = await join(transport, new URL(quick.address));
          await gone.send('1'); // Engine.IO's close: "transport close", which recovers
          assert.equal((await expired)[0], gone.sid);
          const again = await join(transport, new URL(quick.address), { pid: gone.pid });
          assert.notEqual(again.sid, gone.sid);
          again.close();
        } finally {
          watching.end();
          await quick.stop();
        }
      });
    }

    it('gives nobody a session for a wrong secret or an offset that was never told', async () => {
      const first = await join('websocket', url);
      const offset = (await next(first)).at(-1);
      for (const claim of [{ pid: 'x'.repeat(20), offset }, { pid: first.pid, offset: 'zzzzzzzzzzzz' }, { pid: first.pid, offset: 5 }, { pid: 7 }]) {
        const other = await join('websocket', url, claim);
        assert.notEqual(other.sid, first.sid);
        assert.notEqual(other.pid, first.pid);
        other.close();
      }
      await first.send('42["message",1]');
      assert.equal((await next(first))[0], 'message-back');
      first.close();
    });
  });
}
