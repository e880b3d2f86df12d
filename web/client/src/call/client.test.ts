import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakePlatform, fakeTrack } from '../testing/fake-peer-connection.js';
import { FakeServer, kAnn, snapshot } from '../testing/fake-server.js';
import { CallClient } from './client.js';
import type { CallState, ReceivedMessage } from './types.js';

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

describe('joining', () => {
  it('takes one exchange with an offer of four sending lines and the pool of slots', async () => {
    client.connect();
    await client.join({ room: 'den', name: 'Me' });
    const { lines } = JSON.parse(server.last('join')['offer'] as string) as { lines: string[] };
    expect(lines.slice(0, 4)).toEqual([
      'audio sendonly',
      'video sendonly',
      'video sendonly',
      'audio sendonly',
    ]);
    expect(lines.filter((line) => line === 'video recvonly')).toHaveLength(2);
    expect(lines.filter((line) => line === 'audio recvonly')).toHaveLength(3);
    expect(client.state.status).toBe('joined');
  });

  it('takes one exchange without an offer when it was prepared', async () => {
    client.connect();
    client.prepare('den');
    await settle();
    await client.join({ room: 'den', name: 'Me' });
    expect(server.of('prepare')).toHaveLength(1);
    expect(server.last('join')).not.toHaveProperty('offer');
    expect(platform.connections).toHaveLength(1);
  });

  it('sends an offer of its own when the prepared connection has expired', async () => {
    client.connect();
    client.prepare('den');
    await settle(29_000);
    await client.join({ room: 'den', name: 'Me' });
    expect(server.last('join')).toHaveProperty('offer');
  });

  it('sends an offer of its own when preparing was refused', async () => {
    server.refuseNext('prepare', 'too-many-prepared');
    client.connect();
    client.prepare('den');
    await client.join({ room: 'den', name: 'Me' });
    expect(server.last('join')).toHaveProperty('offer');
  });

  it('prepares again after the socket was lost, because the server has dropped it', async () => {
    client.connect();
    client.prepare('den');
    await settle();
    server.drop();
    server.connect();
    await settle();
    expect(server.of('prepare')).toHaveLength(2);
    await client.join({ room: 'den', name: 'Me' });
    expect(server.last('join')).not.toHaveProperty('offer');
  });

  it('lets nothing leave the browser before it', async () => {
    const camera = fakeTrack('video');
    client.connect();
    client.prepare('den');
    await client.publish('camera', camera);
    await settle();
    expect(platform.newest.sending(1)).toBeNull();
    await client.join({ room: 'den', name: 'Me' });
    expect(platform.newest.sending(1)).toBe(camera);
    expect(server.last('join')['publish']).toEqual([
      { mid: '1', kind: 'video', source: 'camera', muted: false },
    ]);
  });

  it('loses no event that comes while the answer is still applied', async () => {
    platform.whileApplying = () => {
      server.push('participant-joined', { participant: kAnn, revision: 5 });
      server.show('ann');
    };
    client.connect();
    await client.join({ room: 'den', name: 'Me' });
    expect(client.participants).toMatchObject([{ name: 'Ann' }]);
    expect(client.receptions).toMatchObject([{ participantId: 'ann', state: 'showing' }]);
  });

  it('can be tried again after a refusal', async () => {
    server.refuseNext('join', 'room-full');
    client.connect();
    await expect(client.join({ room: 'den', name: 'Me' })).rejects.toMatchObject({
      code: 'room-full',
    });
    expect(client.state.status).toBe('ready');
    await client.join({ room: 'den', name: 'Me' });
    expect(client.state.status).toBe('joined');
  });

  it('waits for a server that is not there yet, and says so', async () => {
    server.up = false;
    client.connect();
    expect(client.state.interruption?.cause).toBe('server-unreachable');
    const joining = client.join({ room: 'den', name: 'Me' });
    server.up = true;
    server.connect();
    await joining;
    expect(client.state.interruption).toBeUndefined();
  });
});

describe('in the call', () => {
  it('publishes and unpublishes without SDP', async () => {
    await joined();
    const screen = fakeTrack('video');
    await client.publish('screen', screen);
    expect(server.last('publish')).toEqual({ mid: '2', source: 'screen', muted: false });
    expect(platform.newest.sending(2)).toBe(screen);
    await client.unpublish('screen');
    expect(server.last('unpublish')).toEqual({ streamId: 's1' });
    expect(platform.newest.sending(2)).toBeNull();
    expect(server.of('renegotiate')).toHaveLength(0);
  });

  it('keeps a camera that is turned off published, and muted', async () => {
    await joined();
    await client.publish('camera', fakeTrack('video'));
    await client.publish('camera', null, { muted: true });
    expect(server.last('mute')).toEqual({ streamId: 's1', muted: true });
    expect(server.of('unpublish')).toHaveLength(0);
  });

  it('tells which track shows whom, and changes that without another track', async () => {
    server.answerNext(
      'join',
      snapshot({
        participants: [...snapshot().participants, kAnn],
        answer: 'a',
        slots: [
          { slot: 0, mid: '4', kind: 'audio', seat: 0 },
          { slot: 1, mid: '5', kind: 'video', seat: 0 },
        ],
      }),
    );
    await joined();
    expect(client.receptions).toEqual([]);
    server.show('ann');
    expect(client.receptions).toMatchObject([
      { participantId: 'ann', source: 'camera', state: 'showing' },
    ]);
    const { track } = client.receptions[0]!;
    expect(track).toBe(platform.newest.transceivers[5]?.receiver.track);
    server.push('participant-joined', {
      participant: {
        ...kAnn,
        id: 'ben',
        name: 'Ben',
        streams: [{ ...kAnn.streams[0], id: 'ben-camera' }],
      },
      revision: 5,
    });
    server.show('ben');
    expect(client.receptions).toMatchObject([{ participantId: 'ben', track }]);
  });

  it('grows the pool by steps when the view has more tiles than seats, and sends the view again', async () => {
    await joined();
    server.answerNext('view', {
      ok: true,
      tiles: [{ participantId: 'c', source: 'camera', reason: 'no-seat' }],
    });
    client.view(
      ['a', 'b', 'c'].map((participantId) => ({ participantId, width: 320, height: 180 })),
    );
    await settle(500);
    const { lines } = JSON.parse(server.last('renegotiate')['offer'] as string) as {
      lines: string[];
    };
    expect(lines.filter((line) => line === 'video recvonly')).toHaveLength(4);
    expect(
      server.of('view').filter(({ payload }) => (payload['tiles'] as unknown[]).length === 3),
    ).toHaveLength(2);
  });

  it('goes on with the seats it has when growing the pool is refused', async () => {
    await joined();
    const troubles: string[] = [];
    client.on('trouble', ({ code }) => troubles.push(code));
    const placings = [{ participantId: 'c', source: 'camera', reason: 'no-seat' }];
    server.answerNext('view', { ok: true, tiles: placings });
    server.refuseNext('renegotiate', 'offer-too-large');
    client.view(
      ['a', 'b', 'c'].map((participantId) => ({ participantId, width: 320, height: 180 })),
    );
    await settle(500);
    expect(troubles).toEqual(['offer-too-large']);
    expect(platform.newest.signalingState).toBe('stable');
  });

  it('switches the codec of what it sends when the server asks', async () => {
    await joined();
    server.push('codec', {
      streamId: 's1',
      mid: '1',
      payloadType: 96,
      codec: { mimeType: 'video/VP8', clockRate: 90000 },
    });
    await settle();
    expect(platform.newest.transceivers[1]?.parameters.encodings).toEqual([
      { codec: { mimeType: 'video/VP8', clockRate: 90000 } },
    ]);
  });

  it('hands on messages and speakers', async () => {
    await joined();
    const messages: ReceivedMessage[] = [];
    const speakers: (readonly string[])[] = [];
    client.on('message', (message) => messages.push(message));
    client.on('speakers', (ids) => speakers.push(ids));
    server.push('message', { from: 'ann', private: true, text: 'Hello' });
    server.push('speakers', { speakers: [{ participantId: 'ann', streamId: 'x' }] });
    expect(messages).toEqual([{ from: 'ann', private: true, text: 'Hello' }]);
    expect(speakers).toEqual([['ann']]);
  });

  it('says goodbye when it leaves, and closes everything', async () => {
    await joined();
    client.leave();
    expect(server.of('leave')).toHaveLength(1);
    expect(server.connected).toBe(false);
    expect(platform.newest.signalingState).toBe('closed');
    expect(client.state).toEqual({ status: 'left', ended: { reason: 'asked' } });
  });

  it('can be joined again after leaving', async () => {
    await joined();
    client.leave();
    await client.join({ room: 'den', name: 'Me' });
    expect(client.state.status).toBe('joined');
  });
});

describe('when the socket is lost', () => {
  it('goes on with the media and comes back as the same participant', async () => {
    await joined();
    platform.newest.receive();
    server.drop();
    expect(client.state.interruption).toMatchObject({
      cause: 'server-unreachable',
      mediaFlows: true,
    });
    server.answerNext(
      'resume',
      snapshot({ resumeToken: 'token-2', participants: [...snapshot().participants, kAnn] }),
    );
    server.connect();
    await settle();
    expect(server.of('resume').map(({ payload }) => payload)).toEqual([{ token: 'token-1' }]);
    expect(client.state).toEqual({ status: 'joined' });
    expect(client.participants).toEqual([kAnn]);
    expect(platform.connections).toHaveLength(1);
  });

  it('notices that media has stopped as well, long before ICE does', async () => {
    await joined();
    platform.newest.receive();
    server.drop();
    await settle(4000);
    expect(client.state.interruption).toMatchObject({ mediaFlows: false });
  });

  it('brings about afterwards what was wished for meanwhile', async () => {
    await joined();
    await client.publish('microphone', fakeTrack('audio'));
    server.drop();
    await client.setMuted('microphone', true);
    const own = {
      ...snapshot().participants[0]!,
      streams: [{ id: 's1', kind: 'audio' as const, source: 'microphone' as const, muted: false }],
    };
    server.answerNext('resume', snapshot({ participants: [own] }));
    server.connect();
    await settle();
    expect(server.last('mute')).toEqual({ streamId: 's1', muted: true });
  });

  it('uses each resume token once', async () => {
    await joined();
    server.answerNext('resume', snapshot({ resumeToken: 'token-2' }));
    for (let i = 0; i < 2; ++i) {
      server.drop();
      server.connect();
      await settle();
    }
    expect(server.of('resume').map(({ payload }) => payload['token'])).toEqual([
      'token-1',
      'token-2',
    ]);
  });
});

describe('when the server was restarted', () => {
  it('joins anew by itself, with another connection and everything it published', async () => {
    await joined();
    const camera = fakeTrack('video');
    await client.publish('camera', camera);
    server.drop();
    platform.newest.become('disconnected');
    await settle(3000);
    server.refuseNext('resume', 'invalid-resume-token');
    server.connect();
    await settle();
    expect(server.of('join')).toHaveLength(2);
    expect(server.last('join')).toMatchObject({
      room: 'den',
      name: 'Me',
      publish: [{ mid: '1', source: 'camera' }],
    });
    expect(platform.newest.sending(1)).toBe(camera);
    platform.newest.become('connected');
    expect(client.state).toEqual({ status: 'joined' });
  });

  it('shows the tracks of before until the new call is there', async () => {
    await joined();
    server.push('participant-joined', { participant: kAnn, revision: 5 });
    server.show('ann');
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

  it('says why while the server is away, after it said goodbye', async () => {
    await joined();
    const states: CallState[] = [];
    client.on('state', (state) => states.push(state));
    server.push('room-closed', { reason: 'server-shutting-down' });
    server.drop('io server disconnect');
    expect(states.at(-1)?.interruption?.cause).toBe('server-restarted');
    await settle(1000);
    expect(server.of('join')).toHaveLength(2);
    expect(client.state.interruption).toBeUndefined();
  });

  it('keeps trying while the server refuses because it is going down', async () => {
    await joined();
    server.drop();
    server.refuseNext('resume', 'invalid-resume-token');
    server.refuseNext('join', 'shutting-down');
    server.connect();
    await settle(3000);
    expect(client.state).toMatchObject({ status: 'joined' });
    expect(server.of('join')).toHaveLength(3);
  });

  it('ends the call when the room has filled up meanwhile', async () => {
    await joined();
    server.drop();
    server.refuseNext('resume', 'invalid-resume-token');
    server.refuseNext('join', 'room-full');
    server.connect();
    await settle(100);
    expect(client.state).toEqual({
      status: 'left',
      ended: { reason: 'refused', code: 'room-full' },
    });
  });
});

describe('when media is interrupted', () => {
  const generation = (payload: Record<string, unknown>): number =>
    (JSON.parse(payload['offer'] as string) as { generation: number }).generation;

  it('waits two seconds, because most interruptions heal by themselves', async () => {
    await joined();
    platform.newest.become('disconnected');
    await settle(1500);
    platform.newest.become('connected');
    await settle(5000);
    expect(server.of('renegotiate')).toHaveLength(0);
    expect(client.state.interruption).toBeUndefined();
  });

  it('restarts ICE on the same connection first', async () => {
    await joined();
    platform.newest.become('disconnected');
    await settle(2100);
    expect(client.state.interruption?.cause).toBe('media-interrupted');
    expect(generation(server.last('renegotiate'))).toBe(2);
    platform.newest.become('connected');
    expect(client.state.interruption).toBeUndefined();
    await settle(20_000);
    expect(server.of('renegotiate')).toHaveLength(1);
  });

  it('takes another connection when that did not help', async () => {
    await joined();
    platform.newest.become('failed');
    await settle(8100);
    expect(server.of('renegotiate')).toHaveLength(2);
    expect(platform.connections).toHaveLength(2);
    platform.newest.become('connected');
    expect(client.state.interruption).toBeUndefined();
  });

  it('takes another connection at once when the server gave the old one up', async () => {
    await joined();
    server.push('error', { code: 'media-failed', message: 'The DTLS handshake failed.' });
    await settle();
    expect(platform.connections).toHaveLength(2);
    expect(server.of('renegotiate')).toHaveLength(1);
  });

  it('restarts ICE by `resume` when the socket was lost as well', async () => {
    await joined();
    server.drop();
    platform.newest.become('failed');
    server.connect();
    await settle();
    expect(generation(server.last('resume'))).toBe(2);
    expect(server.of('renegotiate')).toHaveLength(0);
  });

  it('restarts ICE when the browser reports another network, before ICE has noticed', async () => {
    await joined();
    client.handleNetworkChange();
    client.handleNetworkChange();
    await settle(400);
    expect(server.of('renegotiate')).toHaveLength(1);
    expect(client.state.interruption).toBeUndefined();
    await settle(20_000);
    expect(platform.connections).toHaveLength(1);
  });

  it('says that the network blocks media when it never came through', async () => {
    client.connect();
    await client.join({ room: 'den', name: 'Me' });
    await settle(8100);
    expect(client.state.interruption?.cause).toBe('media-blocked');
  });

  it('opens another socket when the old one answers no more', async () => {
    await joined();
    server.answerNext('renegotiate', 'silence');
    platform.newest.become('failed');
    await settle(8100);
    expect(server.of('resume')).toHaveLength(1);
  });
});

describe('when the participant came back on another page', () => {
  it('ends here', async () => {
    await joined();
    server.push('error', { code: 'resumed-elsewhere', message: '' });
    expect(client.state).toEqual({ status: 'left', ended: { reason: 'elsewhere' } });
  });
});
