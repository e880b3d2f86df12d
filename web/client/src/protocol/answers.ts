// Generated from protocol/call.schema.json by `npm run protocol`. Do not edit.

import type {
  ErrorCode,
  MediaKind,
  Participant,
  SlotAssignment,
  Stream,
  TilePlacing,
} from './values.js';

/**
 * Ack of `prepare`.
 */
export type PrepareAck = PrepareOk | Failure;

/**
 * Ack of `join`.
 */
export type JoinAck = Snapshot | Failure;

/**
 * Ack of `resume`.
 */
export type ResumeAck = Snapshot | Failure;

/**
 * Ack of `leave`.
 */
export type LeaveAck = Done | Failure;

/**
 * Ack of `publish`.
 */
export type PublishAck = PublishOk | Failure;

/**
 * Ack of `unpublish`.
 */
export type UnpublishAck = Changed | Failure;

/**
 * Ack of `mute`.
 */
export type MuteAck = Changed | Failure;

/**
 * Ack of `update`.
 */
export type UpdateAck = Changed | Failure;

/**
 * Ack of `view`.
 */
export type ViewAck = ViewOk | Failure;

/**
 * Ack of `renegotiate`.
 */
export type RenegotiateAck = RenegotiateOk | Failure;

/**
 * Ack of `message`.
 */
export type MessageAck = Done | Failure;

/**
 * Ack of `stats`.
 */
export type StatsAck = StatsOk | Failure;

/**
 * The transport is being set up.
 */
export interface PrepareOk {
  ok: true;
  /**
   * SDP.
   */
  answer: string;
  slots: SlotLine[];
  /**
   * `join` must come before.
   */
  expiresInMs: number;
}

/**
 * A slot: a receiving m-line whose content the server chooses. Fixed by the answer.
 */
export interface SlotLine {
  slot: number;
  /**
   * Of the m-line in the client's own offer.
   */
  mid: string;
  kind: MediaKind;
  /**
   * The seat that this slot belongs to (an audio and a video slot each); none: an audio-only slot.
   */
  seat?: number;
}

/**
 * The ack of a request that was refused. The connection stays.
 */
export interface Failure {
  ok: false;
  error: CallError;
}

/**
 * Why a request was refused, or what broke.
 */
export interface CallError {
  code: ErrorCode;
  /**
   * One sentence in English for a developer.
   */
  message: string;
}

/**
 * All that a client needs to know of the call, as of `revision`.
 */
export interface Snapshot {
  ok: true;
  /**
   * The client's own participant id.
   */
  self: string;
  room: string;
  /**
   * Everyone in the room, the client itself too.
   */
  participants: Participant[];
  /**
   * SDP; there when the request had an offer.
   */
  answer?: string;
  slots: SlotLine[];
  /**
   * What is behind the slots; empty slots are not listed.
   */
  assignments: SlotAssignment[];
  /**
   * For `resume`; replaced each time.
   */
  resumeToken: string;
  /**
   * Events of the room with a revision not above this one are already part of the snapshot.
   */
  revision: number;
}

/**
 * Done; nothing else to say.
 */
export interface Done {
  ok: true;
}

/**
 * The stream is published.
 */
export interface PublishOk {
  ok: true;
  stream: Stream;
  revision: number;
}

/**
 * Done; the room's revision after the change.
 */
export interface Changed {
  ok: true;
  revision: number;
}

/**
 * The view is taken. `slots` follows when something behind the slots changed.
 */
export interface ViewOk {
  ok: true;
  tiles: TilePlacing[];
}

/**
 * Negotiated.
 */
export interface RenegotiateOk {
  ok: true;
  /**
   * SDP.
   */
  answer: string;
  slots: SlotLine[];
}

/**
 * Figures since the transport was opened.
 */
export interface StatsOk {
  ok: true;
  transport: TransportStats;
  streams: StreamStats[];
  slots: SlotStats[];
}

/**
 * The one transport of the client, as the server sees it.
 */
export interface TransportStats {
  /**
   * ICE and DTLS are up and checks arrive.
   */
  connected: boolean;
  /**
   * Newest round trip measured by RTCP.
   */
  rttMs?: number;
  packetsReceived: number;
  bytesReceived: number;
  packetsSent: number;
  bytesSent: number;
}

/**
 * A stream that the client publishes.
 */
export interface StreamStats {
  streamId: string;
  packets: number;
  bytes: number;
  /**
   * Gaps that no retransmission filled.
   */
  packetsLost: number;
  keyframes?: number;
  /**
   * Keyframes that the server asked for.
   */
  plisSent?: number;
  /**
   * Packets that the server asked for again.
   */
  nacksSent?: number;
}

/**
 * A slot of the client.
 */
export interface SlotStats {
  slot: number;
  packets: number;
  bytes: number;
  /**
   * 0 to 1, of the newest report interval.
   */
  fractionLost?: number;
  /**
   * Packets sent again.
   */
  retransmitted?: number;
  /**
   * Packets that the client asked for again.
   */
  nacksReceived?: number;
}
