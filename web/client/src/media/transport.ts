import { Emitter } from '../emitter.js';
import type { Codec, MediaKind, SlotLine, Source, WelcomeEvent } from '../protocol.js';
import { codecPreferences, sameFormat } from './codecs.js';
import { withStartBitrate } from './start-bitrate.js';

export type TransportState = 'connecting' | 'connected' | 'interrupted' | 'failed';

/** How the transport gets its RTCPeerConnection and learns what the browser can do; tests bring their own. */
export interface MediaPlatform {
  createPeerConnection(configuration: RTCConfiguration): RTCPeerConnection;
  capabilities(direction: 'send' | 'receive', kind: MediaKind): readonly RTCRtpCodec[];
}

export const browserPlatform: MediaPlatform = {
  createPeerConnection: (configuration) => new RTCPeerConnection(configuration),
  capabilities(direction, kind) {
    const side = direction === 'send' ? RTCRtpSender : RTCRtpReceiver;
    return side.getCapabilities(kind)?.codecs ?? [];
  },
};

/** The sending m-lines, in the order in which they are offered. */
const kSendingLines: readonly { source: Source; kind: MediaKind; maxBitrate?: number }[] = [
  { source: 'microphone', kind: 'audio' },
  // 720p of a talking head is clean at this rate in VP8; more helps nobody's uplink.
  { source: 'camera', kind: 'video', maxBitrate: 1_700_000 },
  // Text needs more bits per frame than faces, though few frames.
  { source: 'screen', kind: 'video', maxBitrate: 2_500_000 },
  { source: 'screen-audio', kind: 'audio' },
];

/** Longer than any pause between the packets of a stream that goes on. */
const kSilenceMs = 2000;

interface Negotiated {
  answer?: string;
  slots: SlotLine[];
}

/**
 * The one RTCPeerConnection of a call: four lines to send on and a pool of slots to receive on. What is sent
 * and received changes without SDP; `negotiate` is for the first offer, a larger pool and an ICE restart.
 */
export class MediaTransport extends Emitter<{ state: TransportState }> {
  readonly peerConnection: RTCPeerConnection;
  private readonly senders = new Map<Source, RTCRtpTransceiver>();
  private lines: readonly SlotLine[] = [];
  private seatCount = 0;
  private queue: Promise<unknown> = Promise.resolve();
  private currentState: TransportState = 'connecting';
  private closed = false;

  constructor(
    private readonly welcome: WelcomeEvent,
    seats: number,
    private readonly platform: MediaPlatform = browserPlatform,
  ) {
    super();
    this.peerConnection = platform.createPeerConnection({
      iceServers: welcome.iceServers,
      bundlePolicy: 'max-bundle',
      rtcpMuxPolicy: 'require',
    });
    this.peerConnection.addEventListener('connectionstatechange', () => this.updateState());
    for (const line of kSendingLines) this.addSendingLine(line);
    this.addSeats(seats);
    for (let voice = 0; voice < welcome.seats.voices; ++voice) this.addSlot('audio');
  }

  get state(): TransportState {
    return this.currentState;
  }

  /**
   * Something was received within the last two seconds. A dead server is noticed here long before ICE gives up:
   * its consent lasts half a minute (RFC 7675 §5.1).
   */
  get receives(): boolean {
    if (this.currentState !== 'connected') return false;
    const now = performance.now();
    return this.peerConnection.getReceivers().some((receiver) =>
      receiver.getSynchronizationSources().some(({ timestamp }) => {
        // Some browsers count from the page's start, others from 1970.
        const age = Math.min(
          Math.abs(now - timestamp),
          Math.abs(performance.timeOrigin + now - timestamp),
        );
        return age < kSilenceMs;
      }),
    );
  }

  /** Seats offered so far, negotiated or not. */
  get seats(): number {
    return this.seatCount;
  }

  /** The slots as the newest answer fixed them. */
  get slots(): readonly SlotLine[] {
    return this.lines;
  }

  /** The m-line of a source; there is one from the first offer on. */
  mid(source: Source): string | undefined {
    return this.senders.get(source)?.mid ?? undefined;
  }

  /** The track on which a slot's stream arrives: the same one, whoever is behind the slot. */
  track(slot: number): MediaStreamTrack | undefined {
    const line = this.lines.find((candidate) => candidate.slot === slot);
    if (!line) return undefined;
    const transceivers = this.peerConnection.getTransceivers();
    return transceivers.find((transceiver) => transceiver.mid === line.mid)?.receiver.track;
  }

  /** Sends `track` from the line of `source`, or nothing. No SDP is exchanged. */
  async send(source: Source, track: MediaStreamTrack | null): Promise<void> {
    await this.senders.get(source)?.sender.replaceTrack(track);
  }

  /** Grows the pool of slots to `seats`; they are usable after the next `negotiate`. */
  addSeats(seats: number): void {
    for (; this.seatCount < seats; ++this.seatCount) {
      this.addSlot('audio');
      this.addSlot('video');
    }
  }

  /**
   * Makes an offer, has `exchange` carry it to the server and applies what it brings back. One at a time, in
   * the order of the calls. When the exchange fails, the connection is as it was before.
   */
  negotiate<T extends Negotiated>(
    exchange: (offer: string) => Promise<T>,
    options: { iceRestart?: boolean } = {},
  ): Promise<T> {
    const turn = this.queue.then(() => this.exchangeDescriptions(exchange, options));
    this.queue = turn.catch(() => undefined);
    return turn;
  }

  /** Switches the codec of what is sent from `mid`, as far as this browser can without SDP. */
  async switchCodec(mid: string, codec: Codec): Promise<boolean> {
    const sender = this.peerConnection.getTransceivers().find((line) => line.mid === mid)?.sender;
    if (!sender) return false;
    const parameters = sender.getParameters();
    const encodings: EncodingWithCodec[] = parameters.encodings;
    const offered = parameters.codecs.find((own) => sameFormat(own, codec));
    for (const encoding of encodings) encoding.codec = offered ?? codec;
    try {
      await sender.setParameters(parameters);
      // A browser that does not know `codec` ignores it, and leaves it out here.
      const taken: EncodingWithCodec[] = sender.getParameters().encodings;
      return taken.every((encoding) => encoding.codec !== undefined);
    } catch {
      return false;
    }
  }

  close(): void {
    this.closed = true;
    this.peerConnection.close();
  }

  private async exchangeDescriptions<T extends Negotiated>(
    exchange: (offer: string) => Promise<T>,
    options: { iceRestart?: boolean },
  ): Promise<T> {
    const connection = this.peerConnection;
    const offer = await connection.createOffer(options);
    await connection.setLocalDescription(offer);
    try {
      const negotiated = await exchange(offer.sdp ?? '');
      if (negotiated.answer === undefined) throw new Error('the server sent no answer');
      await connection.setRemoteDescription({
        type: 'answer',
        sdp: withStartBitrate(negotiated.answer),
      });
      this.lines = negotiated.slots;
      return negotiated;
    } catch (thrown) {
      if (connection.signalingState === 'have-local-offer') {
        await connection.setLocalDescription({ type: 'rollback' });
      }
      throw thrown;
    }
  }

  private addSendingLine({ source, kind, maxBitrate }: (typeof kSendingLines)[number]): void {
    const transceiver = this.peerConnection.addTransceiver(kind, {
      direction: 'sendonly',
      ...(maxBitrate && { sendEncodings: [{ maxBitrate }] }),
    });
    this.prefer(transceiver, kind, 'send');
    this.senders.set(source, transceiver);
  }

  private addSlot(kind: MediaKind): void {
    const transceiver = this.peerConnection.addTransceiver(kind, { direction: 'recvonly' });
    this.prefer(transceiver, kind, 'receive');
  }

  private prefer(
    transceiver: RTCRtpTransceiver,
    kind: MediaKind,
    direction: 'send' | 'receive',
  ): void {
    const capabilities = this.platform.capabilities(direction, kind);
    const preferences = codecPreferences(this.welcome.codecs[kind], capabilities);
    // Firefox before 128 has no such call: its offer is longer, and valid all the same.
    if (preferences.length > 0) transceiver.setCodecPreferences?.(preferences);
    trimHeaderExtensions(transceiver);
  }

  private updateState(): void {
    if (this.closed) return;
    const state = kStates[this.peerConnection.connectionState];
    if (state === this.currentState) return;
    this.currentState = state;
    this.emit('state', state);
  }
}

/** The header extensions that the server reads or forwards; any other only makes every m-line longer. */
const kHeaderExtensions: ReadonlySet<string> = new Set([
  'urn:ietf:params:rtp-hdrext:sdes:mid',
  'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id',
  'urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id',
  'urn:ietf:params:rtp-hdrext:ssrc-audio-level',
  'urn:3gpp:video-orientation',
  'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time',
  'http://www.webrtc.org/experiments/rtp-hdrext/playout-delay',
  'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
  'https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension',
]);

/** Where the browser has the call (Chromium): offers only the header extensions that are of use. */
function trimHeaderExtensions(transceiver: TransceiverWithExtensions): void {
  const offered = transceiver.getHeaderExtensionsToNegotiate?.();
  transceiver.setHeaderExtensionsToNegotiate?.(
    (offered ?? []).map((extension) =>
      kHeaderExtensions.has(extension.uri) ? extension : { ...extension, direction: 'stopped' },
    ),
  );
}

interface HeaderExtension {
  uri: string;
  direction: RTCRtpTransceiverDirection;
}

type TransceiverWithExtensions = RTCRtpTransceiver & {
  getHeaderExtensionsToNegotiate?(): HeaderExtension[];
  setHeaderExtensionsToNegotiate?(extensions: HeaderExtension[]): void;
};

/** WebRTC extensions that TypeScript's own DOM types do not list yet. */
type EncodingWithCodec = RTCRtpEncodingParameters & { codec?: RTCRtpCodec };

const kStates: Record<RTCPeerConnectionState, TransportState> = {
  new: 'connecting',
  connecting: 'connecting',
  connected: 'connected',
  disconnected: 'interrupted',
  failed: 'failed',
  closed: 'failed',
};
