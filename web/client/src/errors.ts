import type { ErrorCode } from './protocol.js';

/** What can go wrong on this side of the wire, besides the codes of the server. */
export type LocalErrorCode = 'timeout' | 'disconnected' | 'unreachable' | 'left' | 'webrtc-failed';

/** A request that was refused, or that got no answer. */
export class RequestError extends Error {
  override readonly name = 'RequestError';

  constructor(
    readonly code: ErrorCode | LocalErrorCode,
    message: string,
  ) {
    super(message);
  }

  /** True if the same request may well succeed when it is sent again. */
  get transient(): boolean {
    return kTransient.has(this.code);
  }
}

const kTransient: ReadonlySet<string> = new Set([
  'timeout',
  'disconnected',
  'rate-limited',
  'shutting-down',
  'internal',
]);

/** Any thrown thing as a RequestError: what the browser's WebRTC throws becomes `webrtc-failed`. */
export function asRequestError(thrown: unknown): RequestError {
  if (thrown instanceof RequestError) return thrown;
  return new RequestError(
    'webrtc-failed',
    thrown instanceof Error ? thrown.message : String(thrown),
  );
}
