// SIGHUP gives `visavis serve` a new certificate for new connections; those there go on.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { connect } from 'node:tls';
import { until, within } from './support.mjs';

const PROGRAM = join(process.env.BUILD_DIR ?? '/nowhere', 'visavis');

describe('SIGHUP', { skip: existsSync(PROGRAM) ? false : 'no visavis built' }, () => {
  const work = mkdtempSync(join(tmpdir(), 'visavis-reload-'));
  const [cert, key] = ['cert.pem', 'key.pem'].map((name) => join(work, name));
  let server;
  let port;
  let log = '';

  const freePort = async () => {
    const listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port: free } = listener.address();
    listener.close();
    await once(listener, 'close');
    return free;
  };
  const make = (name) =>
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1',
      '-subj', `/CN=${name}`, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  const logged = (text, from) => until(() => `${text} in: ${log}`, () => log.slice(from).includes(text));
  async function open() {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
    await within(once(socket, 'secureConnect'), 'TLS');
    return socket;
  }
  async function nameTold() {
    const socket = await open();
    const { CN } = socket.getPeerCertificate().subject;
    socket.destroy();
    return CN;
  }

  before(async () => {
    make('first.example');
    writeFileSync(join(work, 'index.html'), '<!doctype html>');
    port = await freePort();
    server = spawn(PROGRAM, ['serve', '--http', `127.0.0.1:${port}`, '--media', `127.0.0.1:${await freePort()}`, '--announce', '127.0.0.1',
      '--web', work, '--tls-cert', cert, '--tls-key', key]);
    for (const stream of [server.stdout, server.stderr]) stream.on('data', (bytes) => (log += bytes));
    await logged('ready', 0);
  });
  after(async () => {
    if (server?.exitCode === null) {
      server.kill('SIGTERM');
      await within(once(server, 'exit'), 'the end');
    }
    rmSync(work, { recursive: true });
  });

  it('gives new connections the new certificate, and leaves the old ones alone', async () => {
    assert.equal(await nameTold(), 'first.example');
    const old = await open();
    make('second.example');
    assert.equal(await nameTold(), 'first.example');
    server.kill('SIGHUP');
    await logged('tls_reloaded', 0);
    assert.equal(await nameTold(), 'second.example');
    old.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const [answer] = await within(once(old, 'data'), 'an answer');
    assert.match(answer.toString(), /^HTTP\/1\.1 200 /);
    old.destroy();
  });

  it('keeps the certificate when the new files are bad, and says why', async () => {
    const from = log.length;
    writeFileSync(cert, 'no certificate');
    server.kill('SIGHUP');
    await logged('tls_not_reloaded', from);
    assert.equal(await nameTold(), 'second.example');
  });
});
