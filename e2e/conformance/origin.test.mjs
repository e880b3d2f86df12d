// WebSockets of foreign pages, from outside: what a running server that allows some origins answers, and counts in /metrics.

import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { clients, event, Polling, startExample, within } from './support.mjs';

const FRIEND = 'http://friend.example';
const FOREIGN = ['http://evil.example', 'https://friend.example', `${FRIEND}:8080`, `${FRIEND}.evil.example`, 'http://localhost.evil.example', 'null'];
const TIMES = 4; // on two threads each has some of every kind

const PROBE = Buffer.concat([Buffer.from([0x81, 0x86]), Buffer.alloc(4), Buffer.from('2probe')]);

/** A handshake as a browser writes it, for a session that has begun or a new one: the status, and the body or the first packet. */
function knock(port, origin, sid) {
  const headers = {
    host: `localhost:${port}`,
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...(origin === undefined ? {} : { origin }),
  };
  return within(
    new Promise((resolve, reject) => {
      const sent = request({ port, host: '127.0.0.1', path: `/socket.io/?EIO=4&transport=websocket${sid ? `&sid=${sid}` : ''}`, headers, agent: false });
      sent.on('response', async (response) => {
        const closed = new Promise((ended) => response.socket.once('close', ended));
        let body = '';
        for await (const part of response) body += part;
        await closed;
        resolve({ status: response.statusCode, body });
      });
      sent.on('upgrade', (response, socket, head) => {
        const take = (frame) => {
          socket.destroy();
          resolve({ status: response.statusCode, body: frame.subarray(2).toString() });
        };
        if (sid) socket.write(PROBE);
        if (head.length > 0) take(head);
        else socket.once('data', take);
      });
      sent.on('error', reject);
      sent.end();
    }),
    `an answer to ${origin}`,
  );
}

for (const flags of [[], ['--threads', '2']]) {
  describe(`a server that lets in ${FRIEND} ${flags.join(' ')}`, () => {
    let server;
    const made = clients(() => server.address);
    before(async () => (server = await startExample('bench_server', '--metrics', '--origin', FRIEND, ...flags)));
    after(async () => {
      made.end();
      assert.equal(await server.stop(), 0);
    });

    /** What was counted while `what` went on. */
    async function counted(what) {
      const read = async () => {
        const text = await (await fetch(`${server.address}/metrics`)).text();
        return ['session_refusals_total{reason="origin"}', 'session_errors_total', 'sessions_total{stage="opened"}'].map((name) =>
          Number(text.split('\n').find((line) => line.startsWith(`visavis_${name} `))?.split(' ')[1] ?? assert.fail(`no ${name} in\n${text}`)),
        );
      };
      const past = await read();
      await what();
      const [refused, errors, opened] = (await read()).map((count, i) => count - past[i]);
      return { refused, errors, opened };
    }

    it('answers the WebSocket of any other page with 400, closes, counts it and begins no session', async () => {
      const count = await counted(async () => {
        for (let i = 0; i < TIMES; ++i) {
          for (const origin of FOREIGN) assert.deepEqual(await knock(server.port, origin), { status: 400, body: 'Origin not allowed' }, origin);
        }
      });
      const all = TIMES * FOREIGN.length;
      assert.deepEqual(count, { refused: all, errors: all, opened: 0 });
    });

    it('lets in that page, its own, and who is no page', async () => {
      const own = [`http://localhost:${server.port}`, `https://localhost:${server.port}`];
      const count = await counted(async () => {
        for (let i = 0; i < TIMES; ++i) {
          for (const origin of [FRIEND, ...own, undefined]) {
            const { status, body } = await knock(server.port, origin);
            assert.equal(status, 101, origin);
            assert.match(body, /^0\{"sid":"/, origin);
          }
        }
      });
      assert.deepEqual(count, { refused: 0, errors: 0, opened: 4 * TIMES });
    });

    it('serves the official client of that page, and no other', async () => {
      const transports = ['websocket'];
      const friend = await made.connected('/', { transports, extraHeaders: { origin: FRIEND } });
      assert.equal(await within(friend.emitWithAck('echo', 'in'), 'an ack'), 'in');
      const foreign = made.open('/', { transports, reconnection: false, extraHeaders: { origin: FOREIGN[0] } });
      await event(foreign, 'connect_error');
    });

    it('forbids the upgrade of a session to a foreign page, and the session goes on', async () => {
      const count = await counted(async () => {
        for (let i = 0; i < TIMES; ++i) {
          const session = await Polling.open('/socket.io/', server.address);
          assert.deepEqual(await knock(server.port, FOREIGN[0], session.sid), { status: 400, body: 'Origin not allowed' });
          assert.deepEqual(await knock(server.port, FRIEND, session.sid), { status: 101, body: '3probe' });
          await session.post('40');
          assert.match((await session.receive()).join(), /^40\{"sid":"/);
        }
      });
      assert.deepEqual(count, { refused: TIMES, errors: TIMES, opened: TIMES });
    });
  });
}
