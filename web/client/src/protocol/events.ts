// Generated from protocol/call.schema.json by `npm run protocol`. Do not edit.

import type {
  Connection,
  ErrorCode,
  Metadata,
  Participant,
  SlotAssignment,
  Stream,
  TilePlacing,
} from './values.js';

/**
 * First of all, right after CONNECT.
 */
export interface WelcomeEvent {
  /**
   * Version of this protocol.
   */
  protocol: number;
  iceServers: IceServer[];
  codecs: Codecs;
  limits: Limits;
  seats: Seats;
}

/**
 * As RTCIceServer.
 */
export interface IceServer {
  urls: string[];
  username?: string;
  credential?: string;
}

/**
 * What to give to setCodecPreferences, best first; anything else makes the offer longer for nothing.
 */
export interface Codecs {
  audio: Codec[];
  video: Codec[];
}

/**
 * A codec to offer, in the form of RTCRtpCodec.
 */
export interface Codec {
  mimeType: string;
  clockRate: number;
  channels?: number;
  sdpFmtpLine?: string;
}

/**
 * What the server refuses to exceed. Sizes in bytes unless said otherwise.
 */
export interface Limits {
  nameCharacters: number;
  roomNameCharacters: number;
  metadataBytes: number;
  messageBytes: number;
  messagesPerSecond: number;
  offerBytes: number;
  streamsPerParticipant: number;
  participantsPerRoom: number;
  tiles: number;
  /**
   * How long a participant is kept after its socket was lost.
   */
  resumeSeconds: number;
  /**
   * How long a prepared transport waits for `join`.
   */
  prepareSeconds: number;
}

/**
 * How many slots to offer.
 */
export interface Seats {
  /**
   * Seats (an audio and a video m-line each) of the first offer.
   */
  initial: number;
  /**
   * Audio-only slots of the first offer.
   */
  voices: number;
  /**
   * Seats to add when a layout needs more than ever before.
   */
  step: number;
  /**
   * Seats at most.
   */
  max: number;
}

/**
 * Somebody else joined.
 */
export interface ParticipantJoinedEvent {
  participant: Participant;
  /**
   * Of the room, after the change.
   */
  revision: number;
}

/**
 * Somebody left.
 */
export interface ParticipantLeftEvent {
  participantId: string;
  /**
   * `lost`: did not come back in time.
   */
  reason: 'left' | 'lost';
  /**
   * Of the room, after the change.
   */
  revision: number;
}

/**
 * Somebody's name, metadata or connection changed; only what changed is there.
 */
export interface ParticipantUpdatedEvent {
  participantId: string;
  name?: string;
  metadata?: Metadata;
  connection?: Connection;
  /**
   * Of the room, after the change.
   */
  revision: number;
}

/**
 * Somebody published a stream.
 */
export interface StreamPublishedEvent {
  participantId: string;
  stream: Stream;
  /**
   * Of the room, after the change.
   */
  revision: number;
}

/**
 * A stream ended.
 */
export interface StreamUnpublishedEvent {
  participantId: string;
  streamId: string;
  /**
   * Of the room, after the change.
   */
  revision: number;
}

/**
 * A stream was muted or is heard and seen again.
 */
export interface StreamMutedEvent {
  participantId: string;
  streamId: string;
  /**
   * The new state.
   */
  muted: boolean;
  /**
   * Of the room, after the change.
   */
  revision: number;
}

/**
 * What is behind the client's slots changed.
 */
export interface SlotsEvent {
  /**
   * The slots that changed; all others are as before.
   */
  slots: SlotAssignment[];
  /**
   * All tiles of the view in its order; there when one of them changed.
   */
  tiles?: TilePlacing[];
}

/**
 * Somebody who views this stream cannot decode its codec: please switch, by RTCRtpSender.setParameters, no SDP is exchanged.
 */
export interface CodecEvent {
  streamId: string;
  mid: string;
  codec: Codec;
  /**
   * Of the codec in the client's own offer.
   */
  payloadType: number;
}

/**
 * Who is heard now, loudest first; everybody not listed is silent.
 */
export interface SpeakersEvent {
  speakers: {
    participantId: string;
    streamId: string;
  }[];
}

/**
 * A message from somebody else.
 */
export interface MessageEvent {
  /**
   * A participant id.
   */
  from: string;
  /**
   * Sent to this participant alone.
   */
  private: boolean;
  text?: string;
  /**
   * Any JSON value.
   */
  data?: unknown;
}

/**
 * Something broke that no ack can tell. `event` names the request when the client sent one without asking for an ack.
 */
export interface ErrorEvent {
  code: ErrorCode;
  message: string;
  event?: string;
}

/**
 * The call has ended for everyone.
 */
export interface RoomClosedEvent {
  /**
   * Why.
   */
  reason: 'server-shutting-down';
}
