import {
  DeviceError,
  type DeviceList,
  type DeviceResult,
  type ScreenCapture,
} from '@visavis/client';
import type { Devices } from '../model/local-media.js';

/** A track that can be stopped, and that can end by itself. */
class FakeTrack extends EventTarget {
  enabled = true;
  readyState = 'live';

  constructor(readonly kind: string) {
    super();
  }

  stop(): void {
    this.readyState = 'ended';
  }

  getSettings(): MediaTrackSettings {
    return {};
  }

  asTrack(): MediaStreamTrack {
    return this as unknown as MediaStreamTrack;
  }
}

/** Devices that work, or fail with a code. */
export class FakeDevices implements Devices {
  failure: 'denied' | 'missing' | undefined;
  readonly tracks: FakeTrack[] = [];

  openMicrophone = (): Promise<MediaStreamTrack> => this.open('microphone');
  openCamera = (): Promise<MediaStreamTrack> => this.open('camera');

  async openMicrophoneAndCamera(): Promise<{ microphone: DeviceResult; camera: DeviceResult }> {
    const result = (device: 'microphone' | 'camera') =>
      this.open(device).catch((error: DeviceError) => error);
    return { microphone: await result('microphone'), camera: await result('camera') };
  }

  async openScreen(): Promise<ScreenCapture> {
    return { video: await this.open('screen'), audio: this.make('screen-audio') };
  }

  listDevices(): Promise<DeviceList> {
    return Promise.resolve({ microphones: [], cameras: [], speakers: [] });
  }

  onDeviceChange(): () => void {
    return () => undefined;
  }

  newest(kind: string): FakeTrack {
    const track = this.tracks.filter((one) => one.kind === kind).at(-1);
    if (!track) throw new Error(`no ${kind} was opened`);
    return track;
  }

  private open(device: 'microphone' | 'camera' | 'screen'): Promise<MediaStreamTrack> {
    if (this.failure) return Promise.reject(new DeviceError(device, this.failure, ''));
    return Promise.resolve(this.make(device));
  }

  private make(kind: string): MediaStreamTrack {
    const track = new FakeTrack(kind);
    this.tracks.push(track);
    return track.asTrack();
  }
}
