// Requests, CORS, cookies, compression and the client's files: the same requests to `conformance_server --hooks` and to
// Node's own server (npm socket.io) with the same settings must get the same answers.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { Server } from 'socket.io';
import { within } from './support.mjs';

const PROGRAM = process.env.CONFORMANCE_PROGRAM;
const CLIENT = join(dirname(createRequire(import.meta.url).resolve('socket.io/package.json')), 'client-dist');
const UPGRADE = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'sec-websocket-version': '13',
};
/** Fields that say something else in each server, or nothing. */
const LEFT_OUT = ['date', 'connection', 'keep-alive', 'content-length', 'transfer-encoding', 'sec-websocket-version', 'x-content-type-options'];

function nodeServer() {
  const http = createServer((_, response) => response.writeHead(404).end());
  const io = new Server(http, {
    cors: { origin: ['http://a.example', /\.b\.example$/], credentials: true, exposedHeaders: 'x-e', maxAge: 600 },
    cookie: { name: 'node', maxAge: 60, path: '/', httpOnly: true, sameSite: 'lax' },
    allowRequest: (message, callback) =>
      message.url.includes('refuse') ? callback('thou shall not pass', false) : callback(null, true),
  });
  io.engine.use((message, response, next) => {
    response.setHeader('x-middleware', message.headers.upgrade ? 'upgrade' : 'request');
    if (message.url.includes('answer')) {
      response.writeHead(418, { 'content-type': 'text/plain; charset=utf-8' });
      response.end('teapot');
    } else next(message.url.includes('fail') ? new Error('failed') : undefined);
  });
  io.engine.on('initial_headers', (headers) => (headers['x-initial'] = '1'));
  io.engine.on('headers', (headers) => (headers['x-every'] = '1'));
  io.on('connection', (socket) => {
    socket.emit('auth', socket.handshake.auth);
    socket.on('message', (...values) => socket.emit('message-back', ...values));
  });
  return [http, io];
}

/** The answer, whatever it is: also a 101. */
function ask(port, path, { method = 'GET', headers = {}, body } = {}) {
  return within(
    new Promise((resolve, reject) => {
      const sent = request({ port, host: '127.0.0.1', path, method, headers, agent: false });
      const take = async (response) => {
        const parts = [];
        for await (const part of response) parts.push(part);
        resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) });
      };
      sent.on('response', take);
      sent.on('upgrade', (response, socket) => {
        socket.destroy();
        resolve({ status: response.statusCode, headers: response.headers, body: Buffer.alloc(0) });
      });
      sent.on('error', reject);
      sent.end(body);
    }),
    path,
  );
}

/** What must be the same. */
function essence({ status, headers, body }) {
  const unpack = { gzip: gunzipSync, deflate: inflateSync, br: brotliDecompressSync }[headers['content-encoding']];
  const text = (unpack ? unpack(body) : body).toString();
  const fields = Object.entries(headers)
    .filter(([name]) => !LEFT_OUT.includes(name))
    .map(([name, value]) => [name, String(value).toLowerCase().replace(/node=[^;]*/, 'node=SID')])
    .sort();
  return { status, fields: Object.fromEntries(fields), text: text.replace(/"sid":"[^"]*"/, '"sid":"SID"') };
}

describe('requests are answered as by Node', { skip: PROGRAM ? false : 'no program given' }, () => {
  let program;
  let node;
  let io;
  const ports = {};

  before(async () => {
    program = spawn(PROGRAM, ['--port', '0', '--patient', '--hooks', '--client', CLIENT], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await within(once(program.stdout, 'data'), 'the server');
    ports.ours = Number(line.toString().trim().split(':').pop());
    [node, io] = nodeServer();
    await new Promise((resolve) => node.listen(0, '127.0.0.1', resolve));
    ports.node = node.address().port;
  });
  after(() => {
    io?.close();
    program?.kill('SIGKILL');
  });

  const POLLING = '/socket.io/?EIO=4&transport=polling';
  const SOCKET = '/socket.io/?EIO=4&transport=websocket';
  const FILE = '/socket.io/socket.io.min.js';
  const cases = {
    'a handshake': [POLLING],
    'a handshake of an allowed page': [POLLING, { headers: { origin: 'http://a.example' } }],
    'a handshake of a page that a pattern allows': [POLLING, { headers: { origin: 'https://x.b.example' } }],
    'a handshake of another page': [POLLING, { headers: { origin: 'http://b.example.evil' } }],
    'a preflight': [POLLING, { method: 'OPTIONS', headers: { origin: 'http://a.example', 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-a' } }],
    'a preflight of another page': [POLLING, { method: 'OPTIONS', headers: { origin: 'http://c.example' } }],
    'a refusal by allowRequest': [`${POLLING}&refuse=1`],
    'a refusal of a WebSocket': [`${SOCKET}&refuse=1`, { headers: UPGRADE }],
    'a failing middleware': [`${POLLING}&fail=1`],
    'a failing middleware of a WebSocket': [`${SOCKET}&fail=1`, { headers: UPGRADE }],
    'a middleware that answers': [`${POLLING}&answer=1`],
    'an unknown transport': ['/socket.io/?EIO=4&transport=abc', { headers: { origin: 'http://a.example' } }],
    'an unknown session': [`${POLLING}&sid=none`],
    'another revision': ['/socket.io/?EIO=3&transport=polling'],
    'a WebSocket': [SOCKET, { headers: { ...UPGRADE, origin: 'http://a.example' } }],
    'a file of the client': [FILE],
    'a file for another page': [FILE, { headers: { origin: 'http://a.example' } }],
    'a file with gzip': [FILE, { headers: { 'accept-encoding': 'gzip' } }],
    'a file with deflate': [FILE, { headers: { 'accept-encoding': 'gzip;q=0.5, deflate' } }],
    'a map': ['/socket.io/socket.io.esm.min.js.map'],
    'a file that is there already': [FILE, { headers: { 'if-none-match': '"4.8.4"' } }],
    'no file of the client': ['/socket.io/socket.io.mini.js'],
  };
  for (const [name, [path, options]] of Object.entries(cases)) {
    it(name, async () => {
      const [ours, theirs] = await Promise.all([ask(ports.ours, path, options), ask(ports.node, path, options)]);
      assert.deepEqual(essence(ours), essence(theirs));
    });
  }

  it('polls and posts, and packs what is long', async () => {
    const answers = {};
    for (const [who, port] of Object.entries(ports)) {
      const { body } = await ask(port, POLLING);
      const path = `${POLLING}&sid=${JSON.parse(body.toString().slice(1)).sid}`;
      const posted = await ask(port, path, { method: 'POST', body: '40' });
      await ask(port, path);
      await ask(port, path, { method: 'POST', body: `42["message","${'x'.repeat(3000)}"]` });
      const parts = [];
      for (const coding of ['gzip, deflate', 'deflate, gzip;q=0.1', 'br', 'identity']) {
        await ask(port, path, { method: 'POST', body: `42["message","${'y'.repeat(3000)}"]` });
        parts.push(await ask(port, path, { headers: { 'accept-encoding': coding } }));
      }
      answers[who] = [posted, ...parts].map(essence);
    }
    assert.equal(answers.ours[1].fields['content-encoding'], 'gzip');
    assert.deepEqual(answers.ours, answers.node);
  });
});
