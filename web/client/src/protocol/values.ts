// Generated from protocol/call.schema.json by `npm run protocol`. Do not edit.

/**
 * What an m-line carries.
 */
export type MediaKind = 'audio' | 'video';

/**
 * What went wrong, for programs. Clients treat a code they do not know as `internal`.
 */
export type ErrorCode =
  | 'unknown-event'
  | 'invalid-payload'
  | 'not-joined'
  | 'already-joined'
  | 'rate-limited'
  | 'shutting-down'
  | 'internal'
  | 'room-name-invalid'
  | 'name-invalid'
  | 'name-too-long'
  | 'metadata-too-large'
  | 'token-too-large'
  | 'room-full'
  | 'too-many-rooms'
  | 'too-many-prepared'
  | 'too-many-prepared-from-address'
  | 'offer-too-large'
  | 'invalid-offer'
  | 'no-media'
  | 'no-such-line'
  | 'line-in-use'
  | 'too-many-streams'
  | 'no-such-stream'
  | 'too-many-tiles'
  | 'no-such-participant'
  | 'message-too-large'
  | 'invalid-resume-token'
  | 'resumed-elsewhere'
  | 'stats-pending'
  | 'stats-timeout'
  | 'media-failed'
  | 'name-taken'
  | 'too-many-sessions'
  | 'too-many-sessions-from-address';

/**
 * Any JSON value of the application, at most 4 kB as text. The server passes it on and never looks inside.
 */
export type Metadata = unknown;

/**
 * What a stream shows or lets hear.
 */
export type Source = 'microphone' | 'camera' | 'screen' | 'screen-audio';

/**
 * `lost`: its socket or its media is away and may come back.
 */
export type Connection = 'connected' | 'lost';

/**
 * `empty`: nothing behind it; `waiting`: a stream is behind it, its first picture or sound has not been sent yet; `showing`: media flows; `unsupported`: the viewer cannot decode the stream's codec.
 */
export type SlotState = 'empty' | 'waiting' | 'showing' | 'unsupported';

/**
 * Why a tile shows no picture. `no-seat`: more tiles than seats, renegotiate to grow the pool; `no-such-participant`; `not-publishing`: nothing published under this source; `muted`; `hidden`: asked for with no pixels, heard only; `connecting`: the viewer's own media is not up yet; `publisher-lost`: the publisher's media is away; `waiting-for-keyframe`; `codec-unsupported`.
 */
export type TileReason =
  | 'no-seat'
  | 'no-such-participant'
  | 'not-publishing'
  | 'muted'
  | 'hidden'
  | 'connecting'
  | 'publisher-lost'
  | 'waiting-for-keyframe'
  | 'codec-unsupported';

/**
 * Somebody in the room.
 */
export interface Participant {
  id: string;
  /**
   * At most 64 characters.
   */
  name: string;
  metadata: Metadata;
  connection: Connection;
  streams: Stream[];
}

/**
 * A published stream.
 */
export interface Stream {
  /**
   * Unique in the room; kept when the publisher comes back with `resume`.
   */
  id: string;
  kind: MediaKind;
  source: Source;
  /**
   * The publisher says that it sends nothing of use now.
   */
  muted: boolean;
}

/**
 * What is behind a slot now.
 */
export interface SlotAssignment {
  slot: number;
  kind: MediaKind;
  seat?: number;
  /**
   * Absent when empty.
   */
  participantId?: string;
  /**
   * Absent when empty.
   */
  streamId?: string;
  state: SlotState;
  reason?: TileReason;
}

/**
 * Where a tile of the view went.
 */
export interface TilePlacing {
  participantId: string;
  source: Source;
  /**
   * The seat that shows (or would show) it; absent: none was left.
   */
  seat?: number;
  reason?: TileReason;
}
