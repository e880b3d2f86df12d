// Socket.IO on the wire: every rule of the protocol that is easily got wrong, over WebSocket and over polling.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Polling, Wire, CONNECT_TIMEOUT, QUICK, within } from './support.mjs';

const PATH = '/socket.io/';

/** One of: in "/", its `auth` event read. */
async function join(wire) {
  wire.send('40');
  assert.match(await wire.receive(), /^40\{"sid":"[\w-]{20}"\}$/);
  assert.equal(await wire.receive(), '42["auth",{}]');
  return wire;
}
const joined = async () => join(await Wire.open(PATH));

describe('CONNECT', () => {
  it('joins "/" and gives an id that is not the session id', async () => {
    const wire = await Wire.open(PATH);
    wire.send('40');
    const packet = await wire.receive();
    assert.ok(packet.startsWith('40{'));
    const connected = JSON.parse(packet.slice(2));
    assert.deepEqual(Object.keys(connected), ['sid']);
    assert.notEqual(connected.sid, wire.handshake.sid);
    wire.close();
  });

  it('gives the auth object to the server', async () => {
    const wire = await Wire.open(PATH);
    wire.send('40{"token":"123","deep":{"a":[1,null]}}');
    await wire.receive();
    assert.equal(await wire.receive(), '42["auth",{"token":"123","deep":{"a":[1,null]}}]');
    wire.close();
  });

  it('joins another namespace, with and without a comma', async () => {
    for (const packet of ['40/custom,', '40/custom']) {
      const wire = await Wire.open(PATH);
      wire.send(packet);
      assert.match(await wire.receive(), /^40\/custom,\{"sid":"[\w-]{20}"\}$/);
      assert.equal(await wire.receive(), '42/custom,["auth",{}]');
      wire.close();
    }
    const wire = await Wire.open(PATH);
    wire.send('40/custom,{"token":"abc"}');
    await wire.receive();
    assert.equal(await wire.receive(), '42/custom,["auth",{"token":"abc"}]');
    wire.close();
  });

  it('is refused for an unknown namespace, and the connection stays', async () => {
    const wire = await Wire.open(PATH);
    wire.send('40/random');
    assert.equal(await wire.receive(), '44/random,{"message":"Invalid namespace"}');
    await join(wire);
    wire.close();
  });

  it('missing for too long ends the session', async () => {
    const begun = Date.now();
    const wire = await Wire.open(PATH, { server: QUICK });
    await wire.expectClosed();
    assert.ok(Date.now() - begun > CONNECT_TIMEOUT - 100);
    const refused = await Wire.open(PATH, { server: QUICK });
    refused.send('40/random');
    await refused.expectClosed();
  });
});

describe('DISCONNECT', () => {
  it('of "/" is not answered, and heartbeats go on', async () => {
    const wire = await Wire.open(PATH, { raw: true, server: QUICK });
    wire.send('40', '41');
    const packets = [];
    while (packets.filter((packet) => packet === '2').length < 3) {
      packets.push(await wire.receive());
      if (packets.at(-1) === '2') wire.send('3');
    }
    assert.equal(packets.length, 5, packets.join());
    wire.send('40');
    assert.match(await wire.receive(), /^40\{/);
    wire.close();
  });

  it('of another namespace leaves "/" as it is', async () => {
    const wire = await joined();
    wire.send('40/custom');
    await wire.receive();
    await wire.receive();
    wire.send('41/custom', '42["message","message to main namespace"]');
    assert.equal(await wire.receive(), '42["message-back","message to main namespace"]');
    wire.close();
  });
});

describe('EVENT', () => {
  it('comes back with the same arguments', async () => {
    const wire = await joined();
    wire.send('42["message",1,"2",{"3":[false]},null,1.5,"\\ud800"]');
    assert.equal(await wire.receive(), '42["message-back",1,"2",{"3":[false]},null,1.5,"\\ud800"]');
    wire.send('42["message"]');
    assert.equal(await wire.receive(), '42["message-back"]');
    wire.close();
  });

  it('carries bytes, nested and in the order of their placeholders', async () => {
    const wire = await joined();
    const first = Buffer.from([1, 2, 3]);
    const second = Buffer.from([4, 5, 6]);
    wire.send('452-["message",{"_placeholder":true,"num":0},{"in":[{"_placeholder":true,"num":1}]}]', first, second);
    assert.equal(await wire.receive(), '452-["message-back",{"_placeholder":true,"num":0},{"in":[{"_placeholder":true,"num":1}]}]');
    assert.deepEqual(await wire.receive(), first);
    assert.deepEqual(await wire.receive(), second);
    wire.close();
  });

  it('carries up to ten attachments, and empty ones', async () => {
    const wire = await joined();
    const places = Array.from({ length: 10 }, (_, num) => ({ _placeholder: true, num }));
    wire.send(`4510-${JSON.stringify(['message', ...places])}`, ...places.map((_, i) => Buffer.alloc(i)));
    assert.equal(await wire.receive(), `4510-${JSON.stringify(['message-back', ...places])}`);
    for (let i = 0; i < 10; ++i) assert.equal((await wire.receive()).length, i);
    wire.close();
  });

  it('is acknowledged with the same id', async () => {
    const wire = await joined();
    wire.send('42456["message-with-ack",1,"2",{"3":[false]}]');
    assert.equal(await wire.receive(), '43456[1,"2",{"3":[false]}]');
    wire.send('420["message-with-ack"]');
    assert.equal(await wire.receive(), '430[]');
    wire.close();
  });

  it('is acknowledged with bytes', async () => {
    const wire = await joined();
    wire.send('452-789["message-with-ack",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]', Buffer.from([1]), Buffer.from([2]));
    assert.equal(await wire.receive(), '462-789[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]');
    assert.deepEqual(await wire.receive(), Buffer.from([1]));
    assert.deepEqual(await wire.receive(), Buffer.from([2]));
    wire.close();
  });

  it('keeps ids that no number holds', async () => {
    const wire = await joined();
    wire.send('42123456789012345678901["message-with-ack",1]');
    assert.equal(await wire.receive(), '43123456789012345678901[1]');
    wire.close();
  });
});

const place = (num) => `{"_placeholder":true,"num":${num}}`;
const bytes = Buffer.from([1]);
const VIOLATIONS = {
  'an unknown type': ['4abc'],
  'no type': ['4'],
  'an object for arguments': ['42{}'],
  'letters where an id would stand': ['42abc["message",1]'],
  'JSON that ends early': ['42["message"'],
  'garbage behind the JSON': ['42["message",1]x'],
  'no arguments': ['42[]'],
  'null for a name': ['42[null]'],
  ...Object.fromEntries(
    ['connect', 'connect_error', 'disconnect', 'disconnecting', 'newListener', 'removeListener'].map((name) => [
      `the event name ${name}`,
      [`42["${name}"]`],
    ]),
  ),
  'a second CONNECT': ['40'],
  'a CONNECT with null': ['40/custom,null'],
  'a CONNECT with an array': ['40/custom,[]'],
  'a CONNECT with a string': ['40/custom,"x"'],
  'a CONNECT_ERROR': ['44{"message":"x"}'],
  'an event for a namespace that it is not in': ['42/custom,["message"]'],
  'a DISCONNECT of a namespace that it is not in': ['41/custom'],
  'a DISCONNECT with a payload': ['41{}'],
  'an event after DISCONNECT': ['41', '42["message"]'],
  'text while an attachment is due': [`451-["message",${place(0)}]`, '42["message"]'],
  'bytes that nothing waits for': [bytes],
  'an attachment that is not there': [`451-["message",${place(1)}]`, bytes],
  'an attachment before the first': [`451-["message",${place(-1)}]`, bytes],
  'eleven attachments': ['4511-["message"]'],
  'no number of attachments': ['45["message"]'],
  'letters for the number of attachments': ['45x-["message"]'],
  'an Engine.IO ping': ['2'],
  'an empty frame': [''],
};

describe('a violation of the protocol closes the connection:', () => {
  for (const [name, packets] of Object.entries(VIOLATIONS)) {
    it(name, async () => {
      const wire = await joined();
      wire.send(...packets);
      assert.equal(await wire.expectClosed(), 1005);
    });
  }

  for (const packet of ['42["message"]', '41', '430[]', '40null', '40[]', '40"x"']) {
    it(`${packet} as the first packet`, async () => {
      const wire = await Wire.open(PATH);
      wire.send(packet);
      assert.equal(await wire.expectClosed(), 1005);
    });
  }

  it('over polling too', async () => {
    const session = await Polling.open(PATH);
    await session.post('42["message"]').catch(() => {});
    let last = await within(session.get(), 'an answer');
    if (last.status === 200) {
      assert.equal(await last.text(), '1');
      last = await within(session.get(), 'an answer');
    }
    assert.equal(last.status, 400);
  });
});

const TOLERATED = {
  'numbers for event names': ['42[1,2]', '42[1.5e300]'],
  'the event name error': ['42["error"]'],
  'events that nobody listens to': ['42["unknown",1]', '429["unknown",1]'],
  'an event without a payload': ['42', '425'],
  'acks that nobody waits for': ['4399[1]', '43', '43[]', '43123456789012345678901234567890[]'],
  'Engine.IO packets that nobody asked for': ['3', '0', '5', '6'],
  'spaces around the JSON': ['42 ["unknown"]', '42["unknown"] \n'],
  'an object that looks like a placeholder': ['42["unknown",{"_placeholder":true,"num":7}]'],
  'an attachment that no placeholder names': ['451-["unknown"]', bytes],
  'the name of "/" in full': ['42/,["unknown"]'],
};

describe('tolerated without an answer:', () => {
  for (const [name, packets] of Object.entries(TOLERATED)) {
    it(name, async () => {
      const wire = await joined();
      wire.send(...packets, '42["message","still here"]');
      assert.equal(await wire.receive(), '42["message-back","still here"]');
      wire.close();
    });
  }

  it('spaces as an ack id, which then is 0', async () => {
    const wire = await joined();
    wire.send('42 ["message-with-ack",1]');
    assert.equal(await wire.receive(), '430[1]');
    wire.close();
  });

  it('base64 text as an attachment', async () => {
    const wire = await joined();
    wire.send(`451-["message",${place(0)}]`, 'bAQI=');
    assert.equal(await wire.receive(), `451-["message-back",${place(0)}]`);
    assert.deepEqual(await wire.receive(), Buffer.from([1, 2]));
    wire.close();
  });

  it('a binary event without attachments, and the text after it', async () => {
    const wire = await joined();
    wire.send('450-["message",1]', '42["message",2]');
    assert.equal(await wire.receive(), '42["message-back",1]');
    assert.equal(await wire.receive(), '42["message-back",2]');
    wire.close();
  });
});

describe('Socket.IO over polling', () => {
  it('connects, echoes and acknowledges, with bytes', async () => {
    const session = await Polling.open(PATH);
    await session.post('40');
    let packets = [];
    const receive = async (count) => {
      while (packets.length < count) packets = packets.concat(await session.receive());
      return packets.splice(0, count);
    };
    const [connected, auth] = await receive(2);
    assert.match(connected, /^40\{"sid"/);
    assert.equal(auth, '42["auth",{}]');
    await session.post(`42["message",1]\x1e421["message-with-ack",2]\x1e451-["message",${place(0)}]\x1ebAQI=`);
    assert.deepEqual(await receive(4), ['42["message-back",1]', '431[2]', `451-["message-back",${place(0)}]`, 'bAQI=']);
  });
});
