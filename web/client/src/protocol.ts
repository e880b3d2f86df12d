// Generated from protocol/call.schema.json by `npm run protocol`. Do not edit.

import type {
  JoinPayload,
  LeavePayload,
  MessagePayload,
  MutePayload,
  PreparePayload,
  PublishPayload,
  RenegotiatePayload,
  ResumePayload,
  StatsPayload,
  UnpublishPayload,
  UpdatePayload,
  ViewPayload,
} from './protocol/requests.js';
import type {
  JoinAck,
  LeaveAck,
  MessageAck,
  MuteAck,
  PrepareAck,
  PublishAck,
  RenegotiateAck,
  ResumeAck,
  StatsAck,
  UnpublishAck,
  UpdateAck,
  ViewAck,
} from './protocol/answers.js';
import type {
  CodecEvent,
  ErrorEvent,
  MessageEvent,
  ParticipantJoinedEvent,
  ParticipantLeftEvent,
  ParticipantUpdatedEvent,
  RoomClosedEvent,
  SlotsEvent,
  SpeakersEvent,
  StreamMutedEvent,
  StreamPublishedEvent,
  StreamUnpublishedEvent,
  WelcomeEvent,
} from './protocol/events.js';

export type * from './protocol/requests.js';
export type * from './protocol/answers.js';
export type * from './protocol/events.js';
export type * from './protocol/values.js';

/**
 * The call protocol of Socket.IO namespace /call. Examples and the rules between the events: docs/protocol.md.
 */
export interface CallProtocol {
  client: ClientEvents;
  server: ServerEvents;
}

/**
 * Requests of the client. Each is one JSON object and is answered by an ack with one JSON object.
 */
export interface ClientEvents {
  prepare: {
    payload: PreparePayload;
    ack: PrepareAck;
  };
  join: {
    payload: JoinPayload;
    ack: JoinAck;
  };
  resume: {
    payload: ResumePayload;
    ack: ResumeAck;
  };
  leave: {
    payload: LeavePayload;
    ack: LeaveAck;
  };
  publish: {
    payload: PublishPayload;
    ack: PublishAck;
  };
  unpublish: {
    payload: UnpublishPayload;
    ack: UnpublishAck;
  };
  mute: {
    payload: MutePayload;
    ack: MuteAck;
  };
  update: {
    payload: UpdatePayload;
    ack: UpdateAck;
  };
  view: {
    payload: ViewPayload;
    ack: ViewAck;
  };
  renegotiate: {
    payload: RenegotiatePayload;
    ack: RenegotiateAck;
  };
  message: {
    payload: MessagePayload;
    ack: MessageAck;
  };
  stats: {
    payload: StatsPayload;
    ack: StatsAck;
  };
}

/**
 * Events from the server, one JSON object each, without ack.
 */
export interface ServerEvents {
  welcome: WelcomeEvent;
  'participant-joined': ParticipantJoinedEvent;
  'participant-left': ParticipantLeftEvent;
  'participant-updated': ParticipantUpdatedEvent;
  'stream-published': StreamPublishedEvent;
  'stream-unpublished': StreamUnpublishedEvent;
  'stream-muted': StreamMutedEvent;
  slots: SlotsEvent;
  codec: CodecEvent;
  speakers: SpeakersEvent;
  message: MessageEvent;
  error: ErrorEvent;
  'room-closed': RoomClosedEvent;
}
