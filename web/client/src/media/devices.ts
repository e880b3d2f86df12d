export type DeviceKind = 'microphone' | 'camera';

/** Why a device gave nothing. `insecure`: the page was not loaded over https or from this computer. */
export type DeviceErrorCode = 'denied' | 'missing' | 'busy' | 'insecure' | 'cancelled' | 'failed';

export class DeviceError extends Error {
  override readonly name = 'DeviceError';

  constructor(
    readonly device: DeviceKind | 'screen',
    readonly code: DeviceErrorCode,
    message: string,
  ) {
    super(message);
  }
}

/** The devices of this computer, by what they are for. Labels are empty until the user has allowed one. */
export interface DeviceList {
  readonly microphones: readonly MediaDeviceInfo[];
  readonly cameras: readonly MediaDeviceInfo[];
  readonly speakers: readonly MediaDeviceInfo[];
}

export interface ScreenCapture {
  readonly video: MediaStreamTrack;
  readonly audio: MediaStreamTrack | undefined;
}

/** `preferred`: the device that was used last; another one is taken if it is gone. */
export function openMicrophone(preferred?: string): Promise<MediaStreamTrack> {
  return open('microphone', { audio: microphoneConstraints(preferred) });
}

/** A track, or why there is none. */
export type DeviceResult = MediaStreamTrack | DeviceError;

/** Both at once, so that the user is asked once; one may come without the other. */
export async function openMicrophoneAndCamera(preferred: {
  microphone?: string | undefined;
  camera?: string | undefined;
}): Promise<{ microphone: DeviceResult; camera: DeviceResult }> {
  try {
    const stream = await devices('camera').getUserMedia({
      audio: microphoneConstraints(preferred.microphone),
      video: cameraConstraints(preferred.camera),
    });
    const [microphone, camera] = [stream.getAudioTracks()[0], stream.getVideoTracks()[0]];
    if (microphone && camera) return { microphone, camera };
  } catch (thrown) {
    const error = deviceError('camera', thrown);
    // Who has refused both is not asked again for each.
    if (error.code === 'denied' || error.code === 'insecure') {
      return { microphone: deviceError('microphone', thrown), camera: error };
    }
  }
  const [microphone, camera] = await Promise.all([
    openMicrophone(preferred.microphone).catch((error: DeviceError) => error),
    openCamera(preferred.camera).catch((error: DeviceError) => error),
  ]);
  return { microphone, camera };
}

export function openCamera(preferred?: string): Promise<MediaStreamTrack> {
  return open('camera', { video: cameraConstraints(preferred) });
}

/** Asks the user for a screen, a window or a tab, with its sound where the browser can. */
export async function openScreen(): Promise<ScreenCapture> {
  let stream: MediaStream;
  try {
    stream = await devices('screen').getDisplayMedia({
      video: { frameRate: { ideal: 15, max: 30 } },
      audio: true,
    });
  } catch (thrown) {
    throw deviceError('screen', thrown);
  }
  const video = stream.getVideoTracks()[0];
  if (!video)
    throw new DeviceError('screen', 'failed', 'The browser gave no picture of the screen.');
  // Text shall stay sharp when bits are short.
  video.contentHint = 'detail';
  return { video, audio: stream.getAudioTracks()[0] };
}

export async function listDevices(): Promise<DeviceList> {
  const all = (await mediaDevices()?.enumerateDevices()) ?? [];
  const of = (kind: MediaDeviceKind): MediaDeviceInfo[] =>
    all.filter((device) => device.kind === kind && device.deviceId !== '');
  return { microphones: of('audioinput'), cameras: of('videoinput'), speakers: of('audiooutput') };
}

/** Calls `listener` when a device is plugged in or out; the returned function ends that. */
export function onDeviceChange(listener: () => void): () => void {
  mediaDevices()?.addEventListener('devicechange', listener);
  return () => mediaDevices()?.removeEventListener('devicechange', listener);
}

export const canShareScreen = (): boolean => mediaDevices()?.getDisplayMedia !== undefined;

async function open(
  device: DeviceKind,
  constraints: MediaStreamConstraints,
): Promise<MediaStreamTrack> {
  let stream: MediaStream;
  try {
    stream = await devices(device).getUserMedia(constraints);
  } catch (thrown) {
    throw deviceError(device, thrown);
  }
  const track = stream.getTracks()[0];
  if (!track) throw new DeviceError(device, 'missing', 'The browser gave no track.');
  return track;
}

function microphoneConstraints(preferred: string | undefined): MediaTrackConstraints {
  return {
    ...ideal(preferred),
    echoCancellation: true,
    noiseSuppression: true,
    autoGainControl: true,
  };
}

/** 720p where the camera has it; phones and old webcams give what they can. */
function cameraConstraints(preferred: string | undefined): MediaTrackConstraints {
  return {
    ...ideal(preferred),
    width: { ideal: 1280 },
    height: { ideal: 720 },
    frameRate: { ideal: 30 },
  };
}

const ideal = (deviceId: string | undefined): MediaTrackConstraints =>
  deviceId ? { deviceId: { ideal: deviceId } } : {};

/** Browsers hide mediaDevices from pages that are not secure. */
const mediaDevices = (): MediaDevices | undefined =>
  typeof navigator === 'undefined' ? undefined : navigator.mediaDevices;

function devices(device: DeviceKind | 'screen'): MediaDevices {
  const found = mediaDevices();
  if (!found) {
    throw new DeviceError(
      device,
      'insecure',
      'Browsers give devices only to pages loaded over https or from localhost.',
    );
  }
  return found;
}

const kCodes: Readonly<Record<string, DeviceErrorCode>> = {
  NotAllowedError: 'denied',
  SecurityError: 'insecure',
  NotFoundError: 'missing',
  OverconstrainedError: 'missing',
  NotReadableError: 'busy',
  AbortError: 'busy',
  TrackStartError: 'busy',
};

/** What getUserMedia and getDisplayMedia throw, in words that one can act on. */
export function deviceError(device: DeviceKind | 'screen', thrown: unknown): DeviceError {
  if (thrown instanceof DeviceError) return thrown;
  const { name, message } = thrown as Partial<Error>;
  const code = kCodes[name ?? ''] ?? 'failed';
  // A screen is asked for with each sharing: to refuse is to change one's mind.
  const meant = device === 'screen' && code === 'denied' ? 'cancelled' : code;
  return new DeviceError(device, meant, message ?? String(thrown));
}
