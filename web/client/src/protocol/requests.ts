// Generated from protocol/call.schema.json by `npm run protocol`. Do not edit.

import type { MediaKind, Metadata, Source } from './values.js';

/**
 * Sets up the transport ahead of `join`, invisible to the room.
 */
export interface PreparePayload {
  room: string;
  /**
   * Reserved for access tokens; at most 4 kB, not checked yet.
   */
  token?: string;
  /**
   * SDP offer; at most 512 kB.
   */
  offer: string;
}

/**
 * Enters a room.
 */
export interface JoinPayload {
  /**
   * 1 to 64 characters.
   */
  room: string;
  /**
   * 1 to 64 characters.
   */
  name: string;
  metadata?: Metadata;
  /**
   * Reserved for access tokens; at most 4 kB, not checked yet.
   */
  token?: string;
  /**
   * SDP offer; at most 512 kB.
   */
  offer?: string;
  /**
   * The m-lines on which something is published from the start.
   */
  publish?: PublishLine[];
}

/**
 * A sending m-line on which the client publishes.
 */
export interface PublishLine {
  /**
   * Of the m-line in the client's own offer.
   */
  mid: string;
  kind: MediaKind;
  source: Source;
  /**
   * Starts muted.
   */
  muted?: boolean;
}

/**
 * Comes back as the same participant.
 */
export interface ResumePayload {
  token: string;
  /**
   * SDP offer: with new ICE credentials an ICE restart; of a new RTCPeerConnection it replaces the lost one.
   */
  offer?: string;
  /**
   * With an offer of a new RTCPeerConnection: what it publishes. Absent: the same m-lines as before.
   */
  publish?: PublishLine[];
}

/**
 * Leaves the room. The socket stays and may join again.
 */
export interface LeavePayload {}

/**
 * Announces that an m-line carries a stream from now on.
 */
export interface PublishPayload {
  mid: string;
  source: Source;
  /**
   * Starts muted.
   */
  muted?: boolean;
}

/**
 * Ends a stream of one's own.
 */
export interface UnpublishPayload {
  streamId: string;
}

/**
 * Says that a stream of one's own is muted or not.
 */
export interface MutePayload {
  streamId: string;
  /**
   * The new state.
   */
  muted: boolean;
}

/**
 * Changes one's own name or metadata.
 */
export interface UpdatePayload {
  name?: string;
  metadata?: Metadata;
}

/**
 * Says what the client looks at; replaces the former view. The list is in order of wish.
 */
export interface ViewPayload {
  tiles: Tile[];
}

/**
 * Somebody the client shows.
 */
export interface Tile {
  participantId: string;
  /**
   * Which of the participant's videos; `camera` when absent.
   */
  source?: 'camera' | 'screen';
  /**
   * Instead of `source`: exactly this video stream.
   */
  streamId?: string;
  /**
   * In device pixels; 0 with height 0: not visible, heard only.
   */
  width: number;
  height: number;
  /**
   * Higher is served first when seats are short; 0 when absent.
   */
  priority?: number;
  /**
   * Served before every tile that is not pinned.
   */
  pinned?: boolean;
}

/**
 * A further offer: more slots, new ICE credentials, or a first transport.
 */
export interface RenegotiatePayload {
  /**
   * SDP offer; at most 512 kB.
   */
  offer: string;
}

/**
 * A chat message: `text` or `data`, at most 16 kB.
 */
export interface MessagePayload {
  /**
   * A participant id; absent: everyone else in the room.
   */
  to?: string;
  text?: string;
  /**
   * Any JSON value.
   */
  data?: unknown;
}

/**
 * Asks what the server sees of this client's media.
 */
export interface StatsPayload {}
