// Our WebSocket against npm `ws`, on generated streams of frames, good and bad: the same messages come back, the same
// pings are answered, and the connection ends with the same code.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { WebSocketServer } from 'ws';
import { SERVER, webSocketFrame, within } from './support.mjs';
import { generator } from './random.mjs';

const SEED = Number(process.env.WEBSOCKET_SEED ?? 20261122);
const STREAMS = 600;
const AT_ONCE = 20;
const MAX_PAYLOAD = 1_000_000;

const { below, pick } = generator(SEED);

const bytes = (size) => Buffer.from(Array.from({ length: size }, () => below(256)));

const frame = (opcode, payload, { masked = true, ...rest } = {}) => webSocketFrame(opcode, payload, { mask: masked ? bytes(4) : null, ...rest });

/** Engine.IO's messages are text that begins with 4, or bytes: those both servers send back as they came. */
const text = () => Buffer.from('4' + Array.from({ length: below(40) }, () => pick(['a', 'ü', '€', '😀', '\0'])).join(''));
const BAD_TEXT = ['4\xff', '4\xc0\x80', '4\xed\xa0\x80', '4\xf4\x90\x80\x80', '4\xe2\x82', '4\x80', '4\xf0\x9f\x98'].map((t) => Buffer.from(t, 'latin1'));

function message() {
  const binary = below(2) === 1;
  const size = pick([0, 1, 10, 124, 125, 126, 127, 1000, 65535, 65536]);
  const whole = binary ? bytes(size) : below(3) ? text() : Buffer.from('4'.padEnd(size + 1, 'x'));
  const frames = [];
  let rest = whole;
  for (let opcode = binary ? 2 : 1; ; opcode = 0) {
    const last = rest.length === 0 || below(3) > 0;
    const cut = last ? rest.length : below(rest.length + 1);
    frames.push(frame(opcode, rest.subarray(0, cut), { fin: last }));
    rest = rest.subarray(cut);
    if (last) return frames;
    while (below(3) === 0) frames.push(control());
  }
}
const control = () => frame(pick([9, 10]), bytes(pick([0, 1, 5, 125])));

const close = () => {
  const code = Buffer.alloc(2);
  code.writeUInt16BE(pick([1000, 1001, 1003, 1007, 1011, 1014, 3000, 4999]));
  return frame(8, below(4) ? Buffer.concat([code, Buffer.from(pick(['', 'bye', 'tschüß']))]) : Buffer.alloc(0));
};

function badClose() {
  const code = Buffer.alloc(2);
  code.writeUInt16BE(pick([0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535]));
  return pick([
    () => frame(8, code),
    () => frame(8, Buffer.from([3])),
    () => frame(8, Buffer.concat([Buffer.from([3, 232]), Buffer.from([0xff])])),
  ])();
}

/** What no peer may send; the connection ends by it. */
const BAD = {
  'a reserved bit': () => frame(pick([1, 2]), text(), { rsv: pick([1, 2, 3, 4, 7]) }),
  'a reserved opcode': () => frame(pick([3, 4, 5, 6, 7, 11, 12, 13, 14, 15]), bytes(below(10))),
  'no mask': () => frame(pick([1, 2, 8, 9]), Buffer.from('4a'), { masked: false }),
  'a control frame in parts': () => frame(pick([8, 9, 10]), Buffer.alloc(0), { fin: false }),
  'a long control frame': () => frame(pick([8, 9, 10]), bytes(126)),
  'a continuation of nothing': () => frame(0, text(), { fin: below(2) === 1 }),
  'a message within another': () => Buffer.concat([frame(1, text(), { fin: false }), frame(pick([1, 2]), text())]),
  'text that is no UTF-8': () => frame(1, pick(BAD_TEXT)),
  'text that is no UTF-8 in parts': () => {
    const whole = pick(BAD_TEXT);
    const cut = 1 + below(whole.length - 1);
    return Buffer.concat([frame(1, whole.subarray(0, cut), { fin: false }), frame(0, whole.subarray(cut))]);
  },
  'a bad close': badClose,
  'too big a message': () => frame(2, Buffer.alloc(0), { claimed: pick([1_000_001, 2 ** 31, 2 ** 32 + 5]), form: 8 }),
  'a length of 2^63': () => frame(2, Buffer.alloc(0), { claimed: pick([2n ** 63n, 2n ** 64n - 1n]), form: 8 }),
  'too big in parts': () => Buffer.concat([frame(2, bytes(10), { fin: false }), frame(0, Buffer.alloc(0), { claimed: MAX_PAYLOAD - 9, form: 8 })]),
};

/** A stream ends with a close frame or with something bad: so the answer is always over. */
function stream() {
  const parts = [];
  for (let i = below(5); i > 0; --i) parts.push(...(below(3) ? message() : [control()]));
  const [name, end] = below(3) ? pick(Object.entries(BAD)) : ['a close', close];
  parts.push(end());
  return { name, bytes: Buffer.concat(parts) };
}

/** What a server says to it, until it ends the connection. */
async function answer(port, path, sent) {
  const socket = connect(port, '127.0.0.1');
  const over = new Promise((resolve) => socket.once('close', resolve));
  socket.on('error', () => {});
  let received = Buffer.alloc(0);
  let upgraded = false;
  socket.on('data', (data) => {
    received = Buffer.concat([received, data]);
    const end = upgraded ? -1 : received.indexOf('\r\n\r\n');
    if (end >= 0) {
      upgraded = true;
      received = received.subarray(end + 4);
      socket.write(sent);
    }
    if (upgraded && framesOf(received).some(({ opcode }) => opcode === 8)) socket.end();
  });
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
  );
  await within(over, 'the end of the connection');
  const frames = framesOf(received);
  const of = (...opcodes) => frames.filter(({ opcode }) => opcodes.includes(opcode)).map(({ opcode, payload }) => `${opcode} ${payload.toString('base64')}`);
  const [end] = frames.filter(({ opcode }) => opcode === 8);
  return {
    messages: of(1, 2).filter((line) => !line.startsWith(`1 ${Buffer.from('0{"').toString('base64').slice(0, 4)}`)),
    pongs: of(10),
    close: end && (end.payload.length >= 2 ? end.payload.readUInt16BE(0) : 'no code'),
  };
}

function framesOf(data) {
  const frames = [];
  let at = 0;
  while (data.length - at >= 2) {
    let size = data[at + 1] & 0x7f;
    let head = 2;
    if (size === 126 && data.length - at >= 4) [size, head] = [data.readUInt16BE(at + 2), 4];
    else if (size === 127 && data.length - at >= 10) [size, head] = [Number(data.readBigUInt64BE(at + 2)), 10];
    if (data.length - at < head + size) break;
    frames.push({ opcode: data[at] & 0x0f, payload: data.subarray(at + head, at + head + size) });
    at += head + size;
  }
  return frames;
}

describe(`WebSocket beside ws (seed ${SEED})`, () => {
  let http;
  before(async () => {
    http = createServer();
    const reference = new WebSocketServer({ server: http, maxPayload: MAX_PAYLOAD, perMessageDeflate: false });
    reference.on('connection', (socket) => {
      socket.on('error', () => {});
      socket.on('message', (data, binary) => socket.send(data, { binary }));
    });
    await new Promise((resolve) => http.listen(0, '127.0.0.1', resolve));
  });
  after(() => http.close());

  it(`says the same to ${STREAMS} streams of frames`, async () => {
    const seen = {};
    for (let i = 0; i < STREAMS; i += AT_ONCE) {
      await Promise.all(
        Array.from({ length: AT_ONCE }, async (_, k) => {
          const { name, bytes: sent } = stream();
          seen[name] = (seen[name] ?? 0) + 1;
          const [ours, theirs] = await Promise.all([
            answer(SERVER.port, '/engine.io/?EIO=4&transport=websocket', sent),
            answer(http.address().port, '/', sent),
          ]);
          // A length whose first bit is set is none (RFC 6455 §5.2); ws calls it too big.
          if (name === 'a length of 2^63') theirs.close = theirs.close === 1009 ? 1002 : theirs.close;
          assert.deepEqual(ours, theirs, `stream ${i + k}, which ends with ${name}`);
        }),
      );
    }
    assert.equal(Object.keys(seen).length, Object.keys(BAD).length + 1, 'every kind of end was tried');
  });
});
