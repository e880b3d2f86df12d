import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeClient, participant, reception } from '../testing/fake-client.js';
import { FakeDevices } from '../testing/fake-devices.js';
import { CallModel, kSelfKey } from './call-model.js';
import { LocalMedia } from './local-media.js';
import { PreferenceStore } from './preferences.js';

const kTrack = { kind: 'video' } as MediaStreamTrack;
const [ann, ben, cleo] = ['Ann', 'Ben', 'Cleo'].map((name) =>
  participant(name, 'microphone', 'camera'),
) as [
  ReturnType<typeof participant>,
  ReturnType<typeof participant>,
  ReturnType<typeof participant>,
];

let client: FakeClient;
let preferences: PreferenceStore;
let model: CallModel;
let media: LocalMedia;
let devices: FakeDevices;

beforeEach(() => {
  vi.useFakeTimers();
  client = new FakeClient();
  preferences = new PreferenceStore(undefined);
  devices = new FakeDevices();
  media = new LocalMedia(devices, client, preferences);
  model = new CallModel({ room: 'den', client, media, preferences, pixelRatio: () => 2 });
});

afterEach(() => vi.useRealTimers());

async function inCall(...others: (typeof ann)[]): Promise<void> {
  client.participants = others;
  model.start();
  model.setName('Me');
  model.setStageSize({ width: 1200, height: 700 });
  await model.join();
}

const notices = (): string[] =>
  model.notices.list.value.map(({ text, values }) => `${text} ${values['name'] ?? ''}`.trim());
const place = (key: string): string | undefined => model.view.value.stage.rects.get(key)?.place;

describe('before the call', () => {
  it('prepares the connection while the user looks at the preview', () => {
    model.start();
    expect(client.log).toEqual(['prepare den']);
  });

  it('does not join without a name', async () => {
    model.start();
    model.setName('  ');
    await model.join();
    expect(model.view.value.phase).toBe('prejoin');
  });

  it('says why joining was refused, and lets one try again', async () => {
    client.refuse = 'room-full';
    await inCall();
    expect(model.view.value).toMatchObject({ phase: 'prejoin', joinError: 'room-full' });
    await model.join();
    expect(model.view.value).toMatchObject({ phase: 'call', joinError: undefined });
  });

  it('remembers name and room', async () => {
    await inCall();
    expect(preferences.value).toMatchObject({ name: 'Me', recentRooms: ['den'] });
  });
});

describe('the tiles', () => {
  it('show everybody alike, and oneself', async () => {
    await inCall(ann, ben);
    expect(['ann/camera', 'ben/camera', kSelfKey].map(place)).toEqual(['grid', 'grid', 'grid']);
  });

  it('are declared to the server in device pixels', async () => {
    await inCall(ann);
    expect(client.tiles).toEqual([
      { participantId: 'ann', width: 2400, height: 1400, priority: 1 },
    ]);
  });

  it('show a pinned participant large, until it is unpinned', async () => {
    await inCall(ann, ben);
    model.togglePin('ben/camera');
    expect([place('ben/camera'), place('ann/camera')]).toEqual(['large', 'strip']);
    expect(client.tiles.find(({ pinned }) => pinned)?.participantId).toBe('ben');
    model.togglePin('ben/camera');
    expect(place('ben/camera')).toBe('grid');
  });

  it('fall back when the pinned participant leaves', async () => {
    await inCall(ann, ben, cleo);
    model.togglePin('ben/camera');
    client.setParticipants([ann, cleo]);
    expect(place('ann/camera')).toBe('grid');
  });

  it('show a shared screen large by themselves', async () => {
    await inCall(ann, ben);
    client.setParticipants([ann, participant('Ben', 'camera', 'screen')]);
    expect(place('ben/screen')).toBe('large');
    expect(client.tiles[0]).toMatchObject({ participantId: 'ben', source: 'screen' });
  });

  it('follow the speaker in that view, but not at every cough', async () => {
    await inCall(ann, ben);
    model.setMode('speaker');
    client.emit('speakers', ['ben']);
    expect(place('ben/camera')).toBe('large');
    client.emit('speakers', ['ann', 'ben']);
    vi.advanceTimersByTime(600);
    client.emit('speakers', ['ben']);
    vi.advanceTimersByTime(5000);
    expect(place('ben/camera')).toBe('large');
    client.emit('speakers', ['ann']);
    vi.advanceTimersByTime(1500);
    expect(place('ann/camera')).toBe('large');
  });

  it('never show oneself large for speaking', async () => {
    await inCall(ann, ben);
    model.setMode('speaker');
    client.emit('speakers', ['self-1']);
    expect(place(kSelfKey)).toBe('strip');
    expect(model.view.value.selfSpeaking).toBe(true);
  });

  it('ask for no pictures while the page is covered for long, but go on hearing', async () => {
    await inCall(ann);
    model.setHidden(true);
    vi.advanceTimersByTime(5000);
    expect(client.tiles[0]?.width).toBe(2400);
    vi.advanceTimersByTime(6000);
    expect(client.tiles[0]).toMatchObject({ width: 0, height: 0 });
    model.setHidden(false);
    expect(client.tiles[0]?.width).toBe(2400);
  });

  it('turn live when the picture comes', async () => {
    await inCall(ann);
    expect(model.view.value.tiles[0]?.state).toBe('waiting');
    client.setReceptions([reception(ann, 'camera', kTrack)]);
    expect(model.view.value.tiles[0]).toMatchObject({ state: 'live', track: kTrack });
  });
});

describe('notices', () => {
  it('tell who comes and goes, but not who was there', async () => {
    await inCall(ann);
    expect(notices()).toEqual([]);
    client.setParticipants([ann, ben]);
    client.setParticipants([ben]);
    expect(notices()).toEqual(['notice.joined Ben', 'notice.left Ann']);
    vi.advanceTimersByTime(5000);
    expect(notices()).toEqual([]);
  });

  it('stay silent about new ids after the server was restarted', async () => {
    await inCall(ann);
    client.selfId = 'self-2';
    client.setParticipants([{ ...ann, id: 'ann-2' }]);
    expect(notices()).toEqual([]);
  });

  it('tell once that a device could not be started, and nothing about a change of mind', async () => {
    devices.failure = 'denied';
    await inCall(ann);
    await media.start();
    model.togglePin('ann/camera');
    expect(notices()).toEqual(['notice.problem.microphone', 'notice.problem.camera']);
  });

  it('show a message while the chat is closed, and count it', async () => {
    await inCall(ann);
    client.emit('message', { from: 'ann', private: false, text: 'Hello' });
    expect(notices()).toEqual(['notice.message Ann']);
    expect(model.chat.view.value.unread).toBe(1);
    model.togglePanel('chat');
    expect(model.chat.view.value.unread).toBe(0);
    expect(notices()).toEqual([]);
    expect(model.chat.view.value.messages).toMatchObject([{ from: 'Ann', text: 'Hello' }]);
  });
});

describe('the banner', () => {
  const interruption = () => ({
    cause: 'server-unreachable' as const,
    since: Date.now(),
    mediaFlows: true,
  });

  it('does not flicker at what nobody notices', async () => {
    await inCall(ann);
    client.setState({ status: 'joined', interruption: interruption() });
    vi.advanceTimersByTime(500);
    client.setState({ status: 'joined' });
    vi.advanceTimersByTime(5000);
    expect(model.banner.view.value).toBeUndefined();
    expect(notices()).toEqual([]);
  });

  it('tells the cause and counts the seconds, and the end is told as well', async () => {
    await inCall(ann);
    client.setState({ status: 'joined', interruption: interruption() });
    vi.advanceTimersByTime(4000);
    expect(model.banner.view.value).toMatchObject({ cause: 'server-unreachable', seconds: 3 });
    client.setState({ status: 'joined' });
    expect(model.banner.view.value).toBeUndefined();
    expect(notices()).toEqual(['notice.recovered']);
  });
});

describe('after the call', () => {
  it('shows why it ended, and comes back to the preview', async () => {
    await inCall(ann);
    client.setState({ status: 'left', ended: { reason: 'elsewhere' } });
    expect(model.view.value).toMatchObject({ phase: 'left', ended: { reason: 'elsewhere' } });
    model.comeBack();
    expect(model.view.value.phase).toBe('prejoin');
    expect(client.log.filter((entry) => entry === 'prepare den')).toHaveLength(2);
  });
});
