import type { Participant, TilePlacing } from '../protocol.js';
import type { Reception } from './slots.js';

export type CallStatus = 'idle' | 'connecting' | 'ready' | 'joining' | 'joined' | 'left';

/**
 * Why the call is not whole now. `offline`: the browser has no network; `server-unreachable`: no connection to the
 * server (media may still flow); `server-restarted`: the server lost the call, it is being joined anew;
 * `media-interrupted`: media stopped and is being brought back; `media-blocked`: media never came through.
 */
export type InterruptionCause =
  'offline' | 'server-unreachable' | 'server-restarted' | 'media-interrupted' | 'media-blocked';

export interface Interruption {
  readonly cause: InterruptionCause;
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** Pictures and sound still come. */
  readonly mediaFlows: boolean;
}

/** `asked`: by `leave`; `elsewhere`: the participant came back on another page; `refused`: it could not come back. */
export type EndReason = 'asked' | 'elsewhere' | 'refused';

export interface CallState {
  readonly status: CallStatus;
  readonly interruption?: Interruption;
  readonly ended?: { readonly reason: EndReason; readonly code?: string };
}

export interface ReceivedMessage {
  /** A participant id. */
  readonly from: string;
  readonly private: boolean;
  readonly text?: string;
  readonly data?: unknown;
}

export interface CallEvents {
  state: CallState;
  /** Everyone else. */
  participants: readonly Participant[];
  /** What arrives now, and on which tracks. */
  receptions: readonly Reception[];
  /** Where the tiles of the view went, and why a tile shows nothing. */
  placings: readonly TilePlacing[];
  /** Participant ids, the loudest first; one's own may be among them. */
  speakers: readonly string[];
  message: ReceivedMessage;
  /** Something that no call of the application can be blamed for. */
  trouble: { readonly code: string; readonly message: string };
}

export interface JoinOptions {
  readonly room: string;
  readonly name: string;
  readonly metadata?: unknown;
}

export interface PublishOptions {
  readonly muted?: boolean;
}
