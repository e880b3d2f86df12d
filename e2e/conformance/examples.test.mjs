// The small programs of examples/ do what they say, for the official client.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { clients, event, example, pause, startProgram, within } from './support.mjs';

function served(name) {
  const at = {};
  const made = clients(() => at.server.address);
  before(async () => (at.server = await startProgram(example(name), ['0'])));
  after(async () => {
    made.end();
    assert.equal(await at.server?.stop(), 0);
  });
  return { at, ...made, connected: made.connected.bind(made) };
}

describe('echo', () => {
  const { connected } = served('echo');
  it('sends events back, and acks', async () => {
    const socket = await connected('/');
    const heard = event(socket, 'anything');
    socket.emit('anything', 1, { two: [Buffer.from('3')] });
    const [one, { two }] = await heard;
    assert.equal(one, 1);
    assert.deepEqual(Buffer.from(two[0]), Buffer.from('3'));
    assert.equal(await within(socket.emitWithAck('other', 'x'), 'an ack'), 'x');
  });
});

describe('chat', () => {
  const { at, open, connected } = served('chat');
  const join = async (name, room) => {
    const socket = await connected('/', { auth: { name } });
    socket.names = await within(socket.emitWithAck('enter', room), 'the room');
    return socket;
  };

  it('serves its page', async () => {
    const response = await fetch(at.server.address);
    assert.match(response.headers.get('content-type'), /text\/html/);
    assert.match(await response.text(), /<h1>Chat/);
    assert.equal((await fetch(`${at.server.address}/other`)).status, 404);
  });

  it('refuses who has no name', async () => {
    const [error] = await event(open('/'), 'connect_error');
    assert.equal(error.message, 'a name has 1 to 40 bytes');
  });

  it('tells who comes, what they say and that they go, in their room alone', async () => {
    const ann = await join('Ann', 'red');
    const out = await join('Out', 'blue');
    let leaked = 0;
    out.onAny(() => ++leaked);
    const came = event(ann, 'joined');
    const bob = await join('Bob', 'red');
    assert.deepEqual(bob.names, ['Ann', 'Bob']);
    assert.equal((await came)[0], 'Bob');
    const said = event(ann, 'said');
    assert.equal(await bob.emitWithAck('say', 'Grüße'), true);
    assert.deepEqual((await said).slice(0, 2), ['Bob', 'Grüße']);
    const typing = event(ann, 'typing');
    bob.emit('typing');
    assert.equal((await typing)[0], 'Bob');
    const went = event(ann, 'left');
    bob.disconnect();
    assert.equal((await went)[0], 'Bob');
    assert.equal(await ann.emitWithAck('say', ''), false);
    assert.equal(leaked, 0);
  });
});

describe('foreign_loop', () => {
  const { at, connected } = served('foreign_loop');
  it('serves clients, timers and its own descriptor from one poll(2)', async () => {
    const socket = await connected('/');
    assert.equal(await within(socket.emitWithAck('echo', 5), 'an ack'), 5);
    await event(socket, 'tick');
    const line = event(socket, 'line');
    at.server.program.stdin.write('from the standard input\n');
    assert.deepEqual(await line, ['from the standard input']);
    at.server.program.stdin.end();
    await pause(50);
    assert.equal(await within(socket.emitWithAck('echo', 6), 'an ack'), 6);
  });
});
