import { afterEach, describe, expect, it, vi } from 'vitest';
import { fakeTrack } from '../testing/fake-peer-connection.js';
import { DeviceError, deviceError, openCamera, openMicrophoneAndCamera } from './devices.js';
import { loudness } from './level-meter.js';

const named = (name: string): Error => Object.assign(new Error(name), { name });
const stream = (...kinds: string[]): MediaStream => {
  const tracks = kinds.map(fakeTrack);
  const of = (kind: string) => tracks.filter((track) => track.kind === kind);
  return {
    getTracks: () => tracks,
    getAudioTracks: () => of('audio'),
    getVideoTracks: () => of('video'),
  } as unknown as MediaStream;
};

function withDevices(
  getUserMedia: (wanted: MediaStreamConstraints) => Promise<MediaStream>,
): ReturnType<typeof vi.fn> {
  const mock = vi.fn(getUserMedia);
  vi.stubGlobal('navigator', { mediaDevices: { getUserMedia: mock } });
  return mock;
}

afterEach(() => vi.unstubAllGlobals());

describe('microphone and camera', () => {
  it('are asked for together', async () => {
    const asked = withDevices(() => Promise.resolve(stream('audio', 'video')));
    const { microphone, camera } = await openMicrophoneAndCamera({});
    expect([microphone, camera]).toMatchObject([{ kind: 'audio' }, { kind: 'video' }]);
    expect(asked).toHaveBeenCalledTimes(1);
  });

  it('come one without the other when one is missing', async () => {
    withDevices(({ audio, video }) =>
      video
        ? Promise.reject(named('NotFoundError'))
        : Promise.resolve(stream(audio ? 'audio' : 'video')),
    );
    const { microphone, camera } = await openMicrophoneAndCamera({});
    expect(microphone).toMatchObject({ kind: 'audio' });
    expect(camera).toMatchObject({ device: 'camera', code: 'missing' });
  });

  it('are not asked for again when the user refused', async () => {
    const asked = withDevices(() => Promise.reject(named('NotAllowedError')));
    const { microphone, camera } = await openMicrophoneAndCamera({});
    expect([microphone, camera]).toMatchObject([{ code: 'denied' }, { code: 'denied' }]);
    expect(asked).toHaveBeenCalledTimes(1);
  });

  it('are not there on a page that is not secure, and that is said', async () => {
    vi.stubGlobal('navigator', {});
    await expect(openCamera()).rejects.toMatchObject({ code: 'insecure' });
  });
});

describe('an error of a device', () => {
  it('says what one can act on', () => {
    expect(deviceError('camera', named('NotReadableError')).code).toBe('busy');
    expect(deviceError('camera', named('OverconstrainedError')).code).toBe('missing');
    expect(deviceError('camera', named('Whatever')).code).toBe('failed');
  });

  it('is a change of mind when a screen is refused', () => {
    expect(deviceError('screen', named('NotAllowedError')).code).toBe('cancelled');
  });

  it('stays what it is', () => {
    const error = new DeviceError('camera', 'busy', '');
    expect(deviceError('microphone', error)).toBe(error);
  });
});

describe('loudness', () => {
  it('goes from silence to a loud voice', () => {
    const sine = (amplitude: number) =>
      Array.from({ length: 512 }, (_, i) => amplitude * Math.sin(i / 3));
    expect(loudness(sine(0))).toBe(0);
    expect(loudness(sine(0.05))).toBeGreaterThan(0.3);
    expect(loudness(sine(0.05))).toBeLessThan(0.9);
    expect(loudness(sine(0.9))).toBe(1);
  });
});
