import {
  DeviceError,
  type DeviceErrorCode,
  type DeviceList,
  type DeviceResult,
  type PublishOptions,
  type ScreenCapture,
  type Source,
} from '@visavis/client';
import { Store } from '../lib/store.js';
import type { PreferenceStore } from './preferences.js';

/** The browser's devices; tests bring their own. */
export interface Devices {
  openMicrophone(preferred?: string): Promise<MediaStreamTrack>;
  openCamera(preferred?: string): Promise<MediaStreamTrack>;
  openMicrophoneAndCamera(preferred: {
    microphone?: string | undefined;
    camera?: string | undefined;
  }): Promise<{ microphone: DeviceResult; camera: DeviceResult }>;
  openScreen(): Promise<ScreenCapture>;
  listDevices(): Promise<DeviceList>;
  onDeviceChange(listener: () => void): () => void;
}

/** Where tracks go: the call, which sends nothing before it is joined. */
export interface Publisher {
  publish(source: Source, track: MediaStreamTrack | null, options?: PublishOptions): Promise<void>;
  unpublish(source: Source): Promise<void>;
  setMuted(source: Source, muted: boolean): Promise<void>;
}

/** The call as a publisher whose refusals are told to `onRefused` and trouble nobody else: devices work on. */
export function forgiving(publisher: Publisher, onRefused: () => void): Publisher {
  return {
    publish: (...about) => publisher.publish(...about).catch(onRefused),
    unpublish: (...about) => publisher.unpublish(...about).catch(onRefused),
    setMuted: (...about) => publisher.setMuted(...about).catch(onRefused),
  };
}

export interface DeviceView {
  readonly on: boolean;
  /** The browser is asking the user, or the device is starting. */
  readonly pending: boolean;
  readonly track?: MediaStreamTrack | undefined;
  readonly error?: DeviceErrorCode | undefined;
}

export interface LocalMediaView {
  readonly microphone: DeviceView;
  readonly camera: DeviceView;
  readonly screen: DeviceView;
  readonly devices: DeviceList;
  readonly speakerId: string;
}

type Part = 'microphone' | 'camera' | 'screen';

const kOff: DeviceView = { on: false, pending: false };

/** One's own microphone, camera and screen: on or off, which device, and what is wrong with it. */
export class LocalMedia {
  readonly view: Store<LocalMediaView>;
  private readonly stopWatching: () => void;
  private talking = false;
  private screenAudio: MediaStreamTrack | undefined;

  constructor(
    private readonly devices: Devices,
    private readonly publisher: Publisher,
    private readonly preferences: PreferenceStore,
  ) {
    this.view = new Store<LocalMediaView>({
      microphone: kOff,
      camera: kOff,
      screen: kOff,
      devices: { microphones: [], cameras: [], speakers: [] },
      speakerId: preferences.value.speakerId,
    });
    this.stopWatching = devices.onDeviceChange(() => void this.refreshDevices());
  }

  /** Opens what was on in the last call. */
  async start(): Promise<void> {
    const { microphoneOff, cameraOff, microphoneId, cameraId } = this.preferences.value;
    if (microphoneOff && cameraOff) return this.refreshDevices();
    if (microphoneOff) return this.openCamera();
    if (cameraOff) return this.openMicrophone();
    this.change('microphone', { pending: true });
    this.change('camera', { pending: true });
    const opened = await this.devices.openMicrophoneAndCamera({
      microphone: microphoneId,
      camera: cameraId,
    });
    await Promise.all([
      this.take('microphone', opened.microphone),
      this.take('camera', opened.camera),
    ]);
    await this.refreshDevices();
  }

  /** Tries again what did not start. */
  async retry(): Promise<void> {
    const { microphone, camera } = this.view.value;
    if (microphone.error && camera.error) return this.start();
    if (microphone.error) return this.openMicrophone();
    if (camera.error) return this.openCamera();
  }

  async toggleMicrophone(): Promise<void> {
    const { on, pending, track } = this.view.value.microphone;
    if (pending) return;
    this.preferences.keep({ microphoneOff: on });
    if (!track) return this.openMicrophone();
    // The device stays open: speaking again must not wait for it.
    track.enabled = !on;
    this.change('microphone', { on: !on });
    await this.publisher.setMuted('microphone', on);
  }

  /** Lets a muted microphone speak for as long as a key is held. */
  async holdToTalk(held: boolean): Promise<void> {
    const { on, track } = this.view.value.microphone;
    if (!track || held === on || (!held && !this.talking)) return;
    this.talking = held;
    await this.toggleMicrophone();
  }

  async toggleCamera(): Promise<void> {
    const { on, pending } = this.view.value.camera;
    if (pending) return;
    this.preferences.keep({ cameraOff: on });
    if (!on) return this.openCamera();
    this.releasePart('camera');
    await this.publisher.publish('camera', null, { muted: true });
  }

  async toggleScreen(): Promise<void> {
    const { on, pending } = this.view.value.screen;
    if (pending) return;
    if (on) return this.stopScreen();
    this.change('screen', { pending: true, error: undefined });
    try {
      const { video, audio } = await this.devices.openScreen();
      video.addEventListener('ended', () => void this.stopScreen());
      this.screenAudio = audio;
      this.change('screen', { on: true, pending: false, track: video });
      await this.publisher.publish('screen', video, { muted: false });
      if (audio) await this.publisher.publish('screen-audio', audio, { muted: false });
    } catch (thrown) {
      this.change('screen', { ...kOff, error: codeOf(thrown), track: undefined });
    }
  }

  async chooseMicrophone(deviceId: string): Promise<void> {
    this.preferences.keep({ microphoneId: deviceId });
    const wasOff = this.view.value.microphone.track !== undefined && !this.view.value.microphone.on;
    this.releasePart('microphone');
    await this.openMicrophone();
    if (wasOff) await this.toggleMicrophone();
  }

  async chooseCamera(deviceId: string): Promise<void> {
    this.preferences.keep({ cameraId: deviceId });
    if (!this.view.value.camera.on) return;
    this.releasePart('camera');
    await this.openCamera();
  }

  chooseSpeaker(deviceId: string): void {
    this.preferences.keep({ speakerId: deviceId });
    this.view.update((view) => ({ ...view, speakerId: deviceId }));
  }

  /** Gives all devices back; `start` opens them again. */
  release(): void {
    for (const part of ['microphone', 'camera', 'screen'] as const) this.releasePart(part);
  }

  stop(): void {
    this.stopWatching();
    this.release();
  }

  private async openMicrophone(): Promise<void> {
    this.change('microphone', { pending: true, error: undefined });
    await this.take(
      'microphone',
      await this.devices.openMicrophone(this.preferences.value.microphoneId).catch(asError),
    );
    await this.refreshDevices();
  }

  private async openCamera(): Promise<void> {
    this.change('camera', { pending: true, error: undefined });
    await this.take(
      'camera',
      await this.devices.openCamera(this.preferences.value.cameraId).catch(asError),
    );
    await this.refreshDevices();
  }

  private async take(part: 'microphone' | 'camera', result: DeviceResult): Promise<void> {
    if (result instanceof DeviceError) {
      this.change(part, { ...kOff, error: result.code, track: undefined });
      return;
    }
    result.addEventListener('ended', () => this.handleEnded(part, result));
    this.change(part, { on: true, pending: false, track: result, error: undefined });
    await this.publisher.publish(part, result, { muted: false });
  }

  /** The device was unplugged, or the user took the permission back. */
  private handleEnded(part: 'microphone' | 'camera', track: MediaStreamTrack): void {
    if (this.view.value[part].track !== track) return;
    this.change(part, { ...kOff, error: 'missing', track: undefined });
    void this.publisher.publish(part, null, { muted: true });
  }

  private async stopScreen(): Promise<void> {
    if (!this.view.value.screen.on) return;
    this.releasePart('screen');
    await this.publisher.unpublish('screen');
    await this.publisher.unpublish('screen-audio');
  }

  private releasePart(part: Part): void {
    this.view.value[part].track?.stop();
    if (part === 'screen') this.screenAudio?.stop();
    this.change(part, { ...kOff, track: undefined, error: undefined });
  }

  private async refreshDevices(): Promise<void> {
    const devices = await this.devices.listDevices();
    this.view.update((view) => ({ ...view, devices }));
  }

  private change(part: Part, changes: Partial<DeviceView>): void {
    this.view.update((view) => ({ ...view, [part]: { ...view[part], ...changes } }));
  }
}

const asError = (thrown: unknown): DeviceError =>
  thrown instanceof DeviceError ? thrown : new DeviceError('camera', 'failed', String(thrown));

const codeOf = (thrown: unknown): DeviceErrorCode =>
  thrown instanceof DeviceError ? thrown.code : 'failed';
