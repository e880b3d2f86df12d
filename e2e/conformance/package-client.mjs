// What package.sh built outside of the tree serves the official client.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { clients, event, startProgram, within } from './support.mjs';

const programs = process.env.OUTSIDE_PROGRAMS.split(' ');

for (const program of programs) {
  it(`${program.split('/').at(-2)}: a program of the installed package serves`, async () => {
    const server = await startProgram(program, ['0']);
    const made = clients(() => server.address);
    try {
      const socket = made.open('/');
      const [id] = await event(socket, 'welcome');
      assert.equal(id, socket.id);
      assert.equal(await within(socket.emitWithAck('upper', 'hello'), 'an ack'), 'HELLO');
    } finally {
      made.end();
      assert.equal(await server.stop(), 0);
    }
  });
}
