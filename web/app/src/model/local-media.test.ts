import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClient } from '../testing/fake-client.js';
import { FakeDevices } from '../testing/fake-devices.js';
import { forgiving, LocalMedia } from './local-media.js';
import { PreferenceStore } from './preferences.js';

let client: FakeClient;
let devices: FakeDevices;
let preferences: PreferenceStore;
let media: LocalMedia;

beforeEach(() => {
  client = new FakeClient();
  devices = new FakeDevices();
  preferences = new PreferenceStore(undefined);
  media = new LocalMedia(devices, client, preferences);
});

describe('local media', () => {
  it('opens and publishes microphone and camera', async () => {
    await media.start();
    expect(media.view.value).toMatchObject({ microphone: { on: true }, camera: { on: true } });
    expect(client.log).toEqual(['publish microphone with a track', 'publish camera with a track']);
  });

  it('leaves off what was off in the last call', async () => {
    preferences.keep({ cameraOff: true });
    await media.start();
    expect(devices.tracks.map(({ kind }) => kind)).toEqual(['microphone']);
  });

  it('mutes the microphone without closing it', async () => {
    await media.start();
    await media.toggleMicrophone();
    expect(devices.newest('microphone')).toMatchObject({ enabled: false, readyState: 'live' });
    expect(client.log.at(-1)).toBe('mute microphone');
    await media.toggleMicrophone();
    expect(devices.newest('microphone').enabled).toBe(true);
    expect(client.log.at(-1)).toBe('unmute microphone');
  });

  it("turns the camera's light off with the camera", async () => {
    await media.start();
    await media.toggleCamera();
    expect(devices.newest('camera').readyState).toBe('ended');
    expect(client.log.at(-1)).toBe('publish camera without a track');
    await media.toggleCamera();
    expect(devices.tracks.filter(({ kind }) => kind === 'camera')).toHaveLength(2);
    expect(media.view.value.camera.on).toBe(true);
  });

  it('lets a muted microphone speak while a key is held, and not longer', async () => {
    await media.start();
    await media.holdToTalk(true);
    expect(client.log.at(-1)).not.toBe('unmute microphone');
    await media.toggleMicrophone();
    await media.holdToTalk(true);
    expect(media.view.value.microphone.on).toBe(true);
    await media.holdToTalk(false);
    expect(media.view.value.microphone.on).toBe(false);
  });

  it('says why a device does not start, and tries again', async () => {
    devices.failure = 'denied';
    await media.start();
    expect(media.view.value).toMatchObject({
      microphone: { error: 'denied' },
      camera: { error: 'denied' },
    });
    devices.failure = undefined;
    await media.retry();
    expect(media.view.value).toMatchObject({
      microphone: { on: true, error: undefined },
      camera: { on: true },
    });
  });

  it('notices that a camera was unplugged', async () => {
    await media.start();
    devices.newest('camera').dispatchEvent(new Event('ended'));
    expect(media.view.value.camera).toMatchObject({ on: false, error: 'missing' });
    expect(client.log.at(-1)).toBe('publish camera without a track');
  });

  it('shares the screen with its sound, and stops when the browser says so', async () => {
    await media.toggleScreen();
    expect(client.log).toEqual([
      'publish screen with a track',
      'publish screen-audio with a track',
    ]);
    devices.newest('screen').dispatchEvent(new Event('ended'));
    await Promise.resolve();
    expect(media.view.value.screen.on).toBe(false);
    expect(devices.newest('screen-audio').readyState).toBe('ended');
  });

  it('works on when the call refuses a stream', async () => {
    let refusals = 0;
    client.publish = () => Promise.reject(new Error('too-many-streams'));
    media = new LocalMedia(
      devices,
      forgiving(client, () => ++refusals),
      preferences,
    );
    await media.start();
    expect(refusals).toBe(2);
    expect(media.view.value.camera.on).toBe(true);
  });

  it('gives everything back at the end', async () => {
    await media.start();
    await media.toggleScreen();
    media.stop();
    expect(devices.tracks.every(({ readyState }) => readyState === 'ended')).toBe(true);
  });
});
