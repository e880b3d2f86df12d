import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakePlatform } from '../testing/fake-peer-connection.js';
import { FakeServer } from '../testing/fake-server.js';
import { CallClient } from './client.js';

const kAnn = {
  id: 'ann',
  name: 'Ann',
  metadata: null,
  connection: 'connected' as const,
  streams: [{ id: 'ann-camera', kind: 'video' as const, source: 'camera' as const, muted: false }],
};

let server: FakeServer;
let platform: FakePlatform;
let client: CallClient;

beforeEach(() => {
  vi.useFakeTimers();
  server = new FakeServer();
  platform = new FakePlatform();
  client = new CallClient({ socket: server, platform });
});

afterEach(() => vi.useRealTimers());

/** Lets everything that is due happen. */
const settle = (ms = 0): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

async function joined(): Promise<void> {
  client.connect();
  await client.join({ room: 'den', name: 'Me' });
  platform.newest.become('connected');
  await settle(200);
}

/** The server puts the camera of somebody into the first seat. */
function show(participantId: string): void {
  const slot = { slot: 1, kind: 'video', seat: 0, state: 'showing' };
  server.push('slots', {
    slots: [{ ...slot, participantId, streamId: `${participantId}-camera` }],
  });
}

describe('while an answer is applied', () => {
  it('loses no event that comes while the answer is still applied', async () => {
    platform.whileApplying = () => {
      server.push('participant-joined', { participant: kAnn, revision: 5 });
      show('ann');
    };
    client.connect();
    await client.join({ room: 'den', name: 'Me' });
    expect(client.participants).toMatchObject([{ name: 'Ann' }]);
    expect(client.receptions).toMatchObject([{ participantId: 'ann', state: 'showing' }]);
  });

  it('shows the tracks of before until the new call is there', async () => {
    await joined();
    server.push('participant-joined', { participant: kAnn, revision: 5 });
    show('ann');
    const former = platform.newest;
    const seen = new Set<unknown>();
    client.on('state', () => client.receptions.forEach(({ track }) => seen.add(track)));
    server.drop();
    former.become('disconnected');
    server.refuseNext('resume', 'invalid-resume-token');
    server.answerNext('join', 'silence');
    server.connect();
    await settle();
    expect(server.of('join')).toHaveLength(2);
    expect(platform.newest).not.toBe(former);
    platform.newest.become('connecting');
    expect(client.receptions.map(({ track }) => track)).toEqual([
      former.transceivers[5]?.receiver.track,
    ]);
    expect(seen.size).toBe(1);
    await settle(60_000);
    expect(client.receptions).toEqual([]);
  });
});
