import type { MediaPlatform } from '../media/transport.js';

/** As much of an RTCRtpTransceiver as the SDK touches. */
class FakeTransceiver {
  mid: string | null = null;
  codecs: RTCRtpCodec[] = [];
  readonly receiver: { track: MediaStreamTrack };
  readonly sender: {
    track: MediaStreamTrack | null;
    replaceTrack(track: MediaStreamTrack | null): Promise<void>;
    getParameters(): RTCRtpSendParameters;
    setParameters(parameters: RTCRtpSendParameters): Promise<void>;
  };
  parameters = { codecs: [], encodings: [{}] } as unknown as RTCRtpSendParameters;

  constructor(
    readonly kind: string,
    readonly direction: string,
  ) {
    this.receiver = { track: fakeTrack(kind) };
    const sender = {
      track: null as MediaStreamTrack | null,
      replaceTrack: (track: MediaStreamTrack | null) => {
        sender.track = track;
        return Promise.resolve();
      },
      getParameters: () => structuredClone(this.parameters),
      setParameters: (parameters: RTCRtpSendParameters) => {
        this.parameters = parameters;
        return Promise.resolve();
      },
    };
    this.sender = sender;
  }

  setCodecPreferences(codecs: RTCRtpCodec[]): void {
    this.codecs = codecs;
  }
}

/** An RTCPeerConnection without a network. Its offers are JSON: `{generation, lines: [kind direction]}`. */
class FakePeerConnection extends EventTarget {
  signalingState: RTCSignalingState = 'stable';
  connectionState: RTCPeerConnectionState = 'new';
  readonly transceivers: FakeTransceiver[] = [];
  readonly answers: string[] = [];
  private generation = 1;
  private received: number | undefined;

  constructor(
    readonly configuration: RTCConfiguration,
    private readonly whileApplying: () => void,
  ) {
    super();
  }

  addTransceiver(kind: string, init: RTCRtpTransceiverInit): FakeTransceiver {
    const transceiver = new FakeTransceiver(kind, init.direction ?? 'sendrecv');
    this.transceivers.push(transceiver);
    return transceiver;
  }

  getTransceivers(): FakeTransceiver[] {
    return this.transceivers;
  }

  createOffer(options: { iceRestart?: boolean } = {}): Promise<RTCSessionDescriptionInit> {
    if (this.signalingState === 'closed') return Promise.reject(new Error('closed'));
    if (options.iceRestart) ++this.generation;
    const lines = this.transceivers.map(({ kind, direction }) => `${kind} ${direction}`);
    return Promise.resolve({
      type: 'offer',
      sdp: JSON.stringify({ generation: this.generation, lines }),
    });
  }

  setLocalDescription(description: RTCSessionDescriptionInit): Promise<void> {
    if (this.signalingState === 'closed') return Promise.reject(new Error('closed'));
    this.signalingState = description.type === 'rollback' ? 'stable' : 'have-local-offer';
    this.transceivers.forEach((transceiver, index) => (transceiver.mid = String(index)));
    return Promise.resolve();
  }

  setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
    if (this.signalingState !== 'have-local-offer') return Promise.reject(new Error('no offer'));
    this.whileApplying();
    this.signalingState = 'stable';
    this.answers.push(description.sdp ?? '');
    return Promise.resolve();
  }

  /** Media comes in: a packet was received just now. */
  receive(): void {
    this.received = performance.now();
  }

  getReceivers(): { getSynchronizationSources(): { timestamp: number }[] }[] {
    const { received } = this;
    return [
      {
        getSynchronizationSources: () => (received === undefined ? [] : [{ timestamp: received }]),
      },
    ];
  }

  getStats(): Promise<Map<string, object>> {
    return Promise.resolve(new Map());
  }

  close(): void {
    this.signalingState = 'closed';
    this.connectionState = 'closed';
  }

  become(state: RTCPeerConnectionState): void {
    this.connectionState = state;
    this.dispatchEvent(new Event('connectionstatechange'));
  }

  /** The track that is sent on the line of a kind: the first audio line is the microphone's. */
  sending(index: number): MediaStreamTrack | null {
    return this.transceivers[index]?.sender.track ?? null;
  }
}

let tracks = 0;

export function fakeTrack(kind: string): MediaStreamTrack {
  return { kind, id: `track-${++tracks}`, readyState: 'live' } as MediaStreamTrack;
}

export class FakePlatform implements MediaPlatform {
  readonly connections: FakePeerConnection[] = [];
  /** What happens while an answer is applied. */
  whileApplying = (): void => undefined;

  createPeerConnection(configuration: RTCConfiguration): RTCPeerConnection {
    const connection = new FakePeerConnection(configuration, this.whileApplying);
    this.connections.push(connection);
    return connection as unknown as RTCPeerConnection;
  }

  capabilities(): readonly RTCRtpCodec[] {
    return [
      { mimeType: 'audio/opus', clockRate: 48000, channels: 2 },
      { mimeType: 'video/VP8', clockRate: 90000 },
      { mimeType: 'video/rtx', clockRate: 90000 },
      { mimeType: 'video/VP9', clockRate: 90000, sdpFmtpLine: 'profile-id=0' },
    ];
  }

  get newest(): FakePeerConnection {
    const connection = this.connections.at(-1);
    if (!connection) throw new Error('no RTCPeerConnection was made');
    return connection;
  }
}
