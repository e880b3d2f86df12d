// Generated from protocol/call.schema.json by `npm run protocol`. Do not edit.

/**
 * Ack of `prepare`.
 */
export type PrepareAck = PrepareOk | Failure;
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
 * Ack of `join`.
 */
export type JoinAck = Snapshot | Failure;
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
 * Done; nothing else to say.
 */
export interface Done {
  ok: true;
}
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
 * The stream is published.
 */
export interface PublishOk {
  ok: true;
  stream: Stream;
  revision: number;
}
/**
 * Ends a stream of one's own.
 */
export interface UnpublishPayload {
  streamId: string;
}
/**
 * Done; the room's revision after the change.
 */
export interface Changed {
  ok: true;
  revision: number;
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
 * The view is taken. `slots` follows when something behind the slots changed.
 */
export interface ViewOk {
  ok: true;
  tiles: TilePlacing[];
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
