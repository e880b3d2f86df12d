// What hostile and broken peers do to a running server, from outside: each finds a limit, is counted in /metrics, and takes nothing
// from the others. The whole list, with the tests in virtual time, is in docs/socketio.md under "Bad input".

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { constants, deflateRawSync } from 'node:zlib';
import { clients, Polling, startExample, until, webSocketFrame, Wire, within } from './support.mjs';

const PATIENCE = 2000; // a busy machine must not make the good ones late
const BUFFER = 8_000_000;
const LIMIT = 20_000; // of each test: all times of the server are far below

/** A TCP connection that says what it likes; `heard()` is all that came. */
function raw(port, text = '') {
  const socket = connect(port, '127.0.0.1');
  let heard = '';
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.on('error', () => {});
  socket.on('data', (bytes) => (heard += bytes.toString('latin1')));
  socket.write(text, 'latin1');
  const hears = (what) => until(() => `${what} in ${heard.slice(0, 500)}`, () => heard.includes(what), LIMIT);
  return { socket, closed, hears, heard: () => heard };
}

/** A byte now and then, until the connection is gone. */
function drip(socket) {
  const timer = setInterval(() => socket.write('a'), PATIENCE / 40);
  socket.once('close', () => clearInterval(timer));
}

const request = (line, ...fields) => `${line} HTTP/1.1\r\nHost: localhost\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`;
const upgrade = (...fields) =>
  request('GET /socket.io/?EIO=4&transport=websocket', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', ...fields);
const frame = (...given) => webSocketFrame(...given).toString('latin1');
/** 20 MB. */
const BOMB = deflateRawSync(Buffer.alloc(20_000_000), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
const text = (packet) => frame(1, Buffer.from(packet));

for (const flags of [[], ['--threads', '2']]) {
  describe(`bench_server ${flags.join(' ')}`, { timeout: 3 * LIMIT }, () => {
    let server;
    const made = clients(() => server.address);
    const connected = () => made.connected('/', { transports: ['websocket'] });
    before(async () => (server = await startExample('bench_server', '--metrics', '--deflate', '--patience', PATIENCE, '--buffer', BUFFER, ...flags)));
    after(() => {
      made.end();
      return server?.stop();
    });

    const page = async () => (await fetch(`${server.address}/metrics`)).text();
    const metric = async (name) => {
      const text = await page();
      return Number(text.split('\n').find((line) => line.startsWith(`${name} `))?.split(' ')[1] ?? assert.fail(`no ${name} in\n${text}`));
    };
    /** Until the server has counted it; each name belongs to one test here. */
    const counted = (name, count = 1) => until(`${name} is ${count}`, async () => (await metric(name)) >= count, LIMIT);
    const refused = (reason) => `visavis_http_refusals_total{reason="${reason}"}`;
    const failed = (reason) => `visavis_session_failures_total{reason="${reason}"}`;

    describe('under attack', { concurrency: true, timeout: 2 * LIMIT }, () => {
      it('a header that drips gets 408, and its connection an end', async () => {
        const { socket, closed, hears } = raw(server.port, 'GET /socket.io/ HTTP/1.1\r\nHost: x\r\nX-Slow: ');
        drip(socket);
        await hears('HTTP/1.1 408 ');
        await within(closed, 'the end', LIMIT);
        await counted(refused('header_timeout'));
      });

      it('a body that drips gets 408, and its connection an end', async () => {
        const { sid } = await Polling.open('/socket.io/', server.address);
        const { socket, closed, hears } = raw(server.port, request(`POST /socket.io/?EIO=4&transport=polling&sid=${sid}`, 'Content-Length: 100000'));
        drip(socket);
        await hears('HTTP/1.1 408 ');
        await within(closed, 'the end', LIMIT);
        await counted(refused('body_timeout'));
      });

      it('who never reads his WebSocket is ended, and nobody else in the room', async () => {
        const [blaster, reader] = [await connected(), await connected()];
        let read = 0;
        reader.on('b', () => ++read);
        await reader.emitWithAck('join', 'sockets');
        const { socket, closed, hears } = raw(server.port, upgrade() + text('40') + text('420["join","sockets"]'));
        await hears('430[]');
        socket.pause();
        let sent = 0;
        for (; sent < 100 && (await metric(failed('too_slow'))) === 0; ++sent) await within(blaster.emitWithAck('blast', { room: 'sockets', count: 10, size: 100_000 }), 'an ack');
        assert.ok(sent < 100, 'it was not ended');
        socket.resume();
        await within(closed, 'the end', LIMIT);
        await reader.emitWithAck('echo', 0);
        await until(() => `${read} of ${10 * sent}`, () => read === 10 * sent, LIMIT);
        assert.equal(await metric(failed('too_slow')), 1, 'others were ended, too');
      });

      it('who never reads the answer to his poll is given up', async () => {
        const blaster = await connected();
        const session = await Polling.open('/socket.io/', server.address);
        await session.post('40');
        await session.receive();
        await session.post('420["join","polls"]');
        assert.deepEqual(await session.receive(), ['430[]']);
        // More than the kernel takes for somebody who does not read, and less than the session may hold.
        await within(blaster.emitWithAck('blast', { room: 'polls', count: 75, size: 100_000 }), 'an ack');
        // All of it is with the session's thread, so that one answer has it.
        await until('no thread has a backlog', async () => !/^visavis_thread_backlog_bytes\{.*\} [1-9]/m.test(await page()), LIMIT);
        const { socket, closed } = raw(server.port, request(`GET /socket.io/?EIO=4&transport=polling&sid=${session.sid}`));
        socket.pause();
        await counted(refused('stalled'));
        socket.resume();
        await within(closed, 'the end', LIMIT);
      });

      it('a flood of CONNECTs is refused one by one', async () => {
        const wire = await Wire.open('/socket.io/', { server: new URL(server.address) });
        for (let i = 0; i < 500; ++i) wire.send(`40/nowhere-${i}`);
        for (let i = 0; i < 500; ++i) assert.equal(await wire.receive(), `44/nowhere-${i},{"message":"Invalid namespace"}`);
        await counted('visavis_sockets_total{result="refused"}', 500);
        wire.close();
      });

      it('a body of 2^31 gets 413 before it comes', async () => {
        const { closed, hears } = raw(server.port, request('POST /socket.io/?EIO=4&transport=polling', 'Content-Length: 2147483648'));
        await hears('HTTP/1.1 413 ');
        await within(closed, 'the end', LIMIT);
        await counted(refused('body_too_big'));
      });

      it('a frame of 2^31 and a compression bomb get 1009', async () => {
        for (const bytes of [frame(2, Buffer.alloc(0), { claimed: 2 ** 31 }), frame(2, BOMB, { rsv: 4 })]) {
          const { closed, hears } = raw(server.port, upgrade('Sec-WebSocket-Extensions: permessage-deflate') + bytes);
          await hears('\x88\x02\x03\xf1');
          await within(closed, 'the end', LIMIT);
        }
        await counted(failed('message_too_big'), 2);
      });

      it('text that is no UTF-8 gets 1007', async () => {
        const { closed, hears } = raw(server.port, upgrade() + frame(1, Buffer.from('4\xc0\x80', 'latin1')));
        await hears('\x88\x02\x03\xef');
        await within(closed, 'the end', LIMIT);
        await counted(failed('parse_error'));
      });

      it('deep JSON ends the connection', async () => {
        const wire = await Wire.open('/socket.io/', { server: new URL(server.address) });
        wire.send('40');
        await wire.receive();
        wire.send(`42["e",${'['.repeat(100_000)}${']'.repeat(100_000)}]`);
        await wire.expectClosed();
        await counted(failed('protocol_error'));
      });

      it('a length beside a coding gets 400, and what is smuggled behind it no answer', async () => {
        const smuggled = request('GET /socket.io/?EIO=4&transport=polling');
        const { closed, hears, heard } = raw(
          server.port,
          request('POST /socket.io/?EIO=4&transport=polling', 'Content-Length: 4', 'Transfer-Encoding: chunked') + `0\r\n\r\n${smuggled}`,
        );
        await hears('HTTP/1.1 400 ');
        await within(closed, 'the end', LIMIT);
        assert.equal(heard().split('HTTP/1.1').length, 2);
        await counted(refused('bad_request'));
      });
    });

    it('still serves, and ends as it should', async () => {
      const socket = await connected();
      assert.equal(await within(socket.emitWithAck('echo', 'still here'), 'an ack'), 'still here');
      made.end();
      assert.equal(await server.stop(), 0);
    });
  });
}
