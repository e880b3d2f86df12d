// A broadcast that asks: each official client answers once, the asker gets all answers.

import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { io } from 'socket.io-client';
import { SERVER, within } from './support.mjs';

describe('a broadcast with acks', () => {
  const sockets = [];
  after(() => sockets.forEach((socket) => socket.disconnect()));

  async function member(room, transports, answer) {
    const socket = io(SERVER.href, { transports, forceNew: true });
    sockets.push(socket);
    socket.on('question', (ack) => ack(answer));
    assert.equal(await within(socket.emitWithAck('join', room), 'joining'), true);
    return socket;
  }

  it('collects the answers of every transport, bytes among them', async () => {
    const room = `room-${Math.random()}`;
    const first = await member(room, ['websocket'], 'one');
    await member(room, ['polling'], 'two');
    await member(room, ['websocket'], Buffer.from('three'));
    const answers = await within(
      new Promise((resolve) => first.emit('ask', room, (...args) => resolve(args))), 'the answers');
    assert.deepEqual(answers.map(String).sort(), ['one', 'three', 'two']);
  });

  it('does not wait for a client that went', async () => {
    const room = `room-${Math.random()}`;
    const first = await member(room, ['websocket'], 'one');
    const leaver = await member(room, ['websocket'], 'two');
    leaver.off('question').on('question', () => leaver.disconnect());
    const answers = await within(
      new Promise((resolve) => first.emit('ask', room, (...args) => resolve(args))), 'the answers', 3000);
    assert.deepEqual(answers, ['one']);
  });
});
