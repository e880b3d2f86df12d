export { Emitter } from './emitter.js';
export { CallClient, type CallClientOptions } from './call/client.js';
export type { Reception } from './call/slots.js';
export type * from './call/types.js';
export { RequestError } from './errors.js';
export { AudioOutput } from './media/audio-output.js';
export {
  canShareScreen,
  DeviceError,
  listDevices,
  onDeviceChange,
  openCamera,
  openMicrophone,
  openMicrophoneAndCamera,
  openScreen,
  type DeviceErrorCode,
  type DeviceKind,
  type DeviceList,
  type DeviceResult,
  type ScreenCapture,
} from './media/devices.js';
export { meterLevel } from './media/level-meter.js';
export type { MediaDigest, StreamDigest } from './media/stats.js';
export type { MediaPlatform } from './media/transport.js';
export type * from './protocol.js';
export type { SocketLike } from './signalling/signal.js';
