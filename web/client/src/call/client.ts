import { Emitter } from '../emitter.js';
import { asRequestError, RequestError } from '../errors.js';
import { browserPlatform, MediaTransport, type MediaPlatform } from '../media/transport.js';
import { digest, type MediaDigest } from '../media/stats.js';
import type { Participant, Snapshot, Source, StatsOk, Tile, TilePlacing } from '../protocol.js';
import { openSocket } from '../signalling/open-socket.js';
import { Signal, type ServerEvent, type SocketLike } from '../signalling/signal.js';
import { EventGate } from './event-gate.js';
import { InterruptionClock } from './interruption.js';
import { Preparation } from './preparation.js';
import { Publications } from './publications.js';
import { Recovery, type Remedy } from './recovery.js';
import { Roster } from './roster.js';
import { SlotTable, type Reception } from './slots.js';
import type { CallEvents, CallState, CallStatus, JoinOptions, PublishOptions } from './types.js';
import { View } from './view.js';

export interface CallClientOptions {
  /** Where the server is; the page's own origin when absent. */
  readonly url?: string;
  /** For tests: what stands in for socket.io-client and for the browser's WebRTC. */
  readonly socket?: SocketLike;
  readonly platform?: MediaPlatform;
}

const kRecheckMs = 1000;

/**
 * A call. Order of use: `connect`, then `prepare` (optional, while the user looks at the preview), `publish` what
 * is to be sent, `join`, and from then on `view`, `publish`, `setMuted`, … in any order; `leave` ends it. Whatever
 * breaks in between is repaired from here, and told by the event `state`.
 */
export class CallClient extends Emitter<CallEvents> {
  private readonly signal: Signal;
  private readonly platform: MediaPlatform;
  private readonly roster = new Roster();
  private readonly slots = new SlotTable();
  private readonly publications = new Publications();
  private readonly tracks = new Map<Source, MediaStreamTrack>();
  private readonly preparation: Preparation;
  private readonly recovery: Recovery;
  private readonly tiles: View;
  private readonly interruptions = new InterruptionClock();
  private transport: MediaTransport | undefined;
  /** That of the assignments that are known: while another is negotiated, the pictures of before stand. */
  private shown: MediaTransport | undefined;
  private readonly gate = new EventGate((event) => this.handleEvent(event));
  private joinOptions: JoinOptions | undefined;
  private resumeToken = '';
  private recheck: ReturnType<typeof setTimeout> | undefined;
  private callState: CallState = { status: 'idle' };
  private previousDigest: MediaDigest | undefined;

  constructor(options: CallClientOptions = {}) {
    super();
    this.platform = options.platform ?? browserPlatform;
    this.signal = new Signal(options.socket ?? openSocket(options.url ?? location.origin));
    this.preparation = new Preparation(this.signal, () => this.makeTransport());
    this.recovery = new Recovery(this.recoveryHost());
    this.tiles = new View(
      { sendView: (tiles) => this.sendView(tiles), grow: (seats) => this.grow(seats) },
      (thrown) => this.reportTrouble(thrown),
    );
    this.signal.on('welcome', () => this.handleWelcome());
    this.signal.on('lost', () => this.handleLost());
    this.signal.on('unreachable', () => this.refreshState());
    this.signal.on('event', (event) => this.gate.pass(event));
  }

  get state(): CallState {
    return this.callState;
  }

  /** Everyone else in the room. */
  get participants(): readonly Participant[] {
    return this.roster.others;
  }

  /** One's own participant id; empty before the join, another one after the server was restarted. */
  get selfId(): string {
    return this.roster.self;
  }

  get receptions(): readonly Reception[] {
    return this.slots.receptions(
      (slot) => this.shown?.track(slot),
      (participantId, streamId) =>
        this.roster.find(participantId)?.streams.find((stream) => stream.id === streamId),
    );
  }

  get placings(): readonly TilePlacing[] {
    return this.slots.placings;
  }

  /** For support and tests. A call has one at a time; a restarted server means another one. */
  get peerConnection(): RTCPeerConnection | undefined {
    return (this.transport ?? this.preparation.transport)?.peerConnection;
  }

  /** Opens the connection to the server, and keeps trying. */
  connect(): void {
    if (this.callState.status !== 'idle' && this.callState.status !== 'left') return;
    this.setStatus('connecting');
    this.signal.open();
  }

  /**
   * Sets the media connection up ahead of `join`, so that joining takes one exchange. Call it as soon as the room is
   * known, and again whenever the user seems about to join: it does nothing while there is a fresh one.
   */
  prepare(room: string): void {
    this.preparation.want(room);
  }

  /** Enters the room. Resolves once in; rejects with a RequestError when refused, and may then be tried again. */
  async join(options: JoinOptions): Promise<void> {
    if (this.callState.status === 'joined' || this.callState.status === 'joining') {
      throw new RequestError('already-joined', 'This client is in a room already.');
    }
    this.connect();
    this.joinOptions = options;
    this.setStatus('joining');
    try {
      await this.whenConnected();
      await this.enter();
    } catch (thrown) {
      this.discardTransport();
      if (this.state.status === 'joining')
        this.setStatus(this.signal.welcome ? 'ready' : 'connecting');
      throw asRequestError(thrown);
    }
  }

  /** Leaves the room and closes all connections. */
  leave(): void {
    this.end({ reason: 'asked' });
  }

  /**
   * Publishes `track` as `source`, or changes the track behind it. Before `join` it is only remembered: nothing
   * leaves the browser. A null track keeps the stream published with nothing in it (a camera that is off).
   */
  async publish(
    source: Source,
    track: MediaStreamTrack | null,
    options: PublishOptions = {},
  ): Promise<void> {
    if (track) this.tracks.set(source, track);
    else this.tracks.delete(source);
    const muted = options.muted ?? this.publications.wish(source)?.muted ?? track === null;
    this.publications.want(source, { muted });
    if (this.callState.status !== 'joined') return;
    await this.transport?.send(source, track);
    await this.syncPublications();
  }

  async unpublish(source: Source): Promise<void> {
    this.tracks.delete(source);
    this.publications.want(source, undefined);
    if (this.callState.status !== 'joined') return;
    await this.transport?.send(source, null);
    await this.syncPublications();
  }

  /** Tells the others that a published source has nothing to show or say now. */
  async setMuted(source: Source, muted: boolean): Promise<void> {
    if (!this.publications.wish(source)) return;
    this.publications.want(source, { muted });
    await this.syncPublications();
  }

  /** Declares what is looked at; the server works out the rest. To be called whenever the layout changes. */
  view(tiles: readonly Tile[]): void {
    this.tiles.declare(tiles.slice(0, this.signal.welcome?.limits.tiles ?? tiles.length));
  }

  /** Sends a chat message to the room, or to one participant. */
  async message(text: string, to?: string): Promise<void> {
    await this.signal.request('message', { text, ...(to !== undefined && { to }) });
  }

  /** Sends any JSON value to the room, or to one participant. */
  async sendData(data: unknown, to?: string): Promise<void> {
    await this.signal.request('message', { data, ...(to !== undefined && { to }) });
  }

  /** Changes one's own name or metadata. */
  async update(changes: { name?: string; metadata?: unknown }): Promise<void> {
    if (this.joinOptions) this.joinOptions = { ...this.joinOptions, ...changes };
    await this.signal.request('update', changes);
  }

  /** The figures of the connection; rates are since the last call of this function. */
  async stats(): Promise<MediaDigest | undefined> {
    const connection = this.peerConnection;
    if (!connection) return undefined;
    const report = await connection.getStats();
    this.previousDigest = digest([...report.values()], this.previousDigest);
    return this.previousDigest;
  }

  /** What the server sees of this client's media. */
  serverStats(): Promise<StatsOk> {
    return this.signal.request('stats', {});
  }

  /** The browser reports another network, or that there is one again. */
  handleNetworkChange(): void {
    this.recovery.handleNetworkChange();
    this.refreshState();
  }

  private async whenConnected(): Promise<void> {
    if (this.signal.welcome) return;
    await new Promise<void>((resolve, reject) => {
      const stops = [
        this.signal.on('welcome', () => settle(resolve)),
        this.on('state', ({ status }) => {
          if (status === 'left')
            settle(() => reject(new RequestError('left', 'The call was left.')));
        }),
      ];
      const settle = (outcome: () => void): void => {
        for (const stop of stops) stop();
        outcome();
      };
    });
  }

  /** Joins with the prepared transport if there is a fresh one, with an offer otherwise. */
  private async enter(): Promise<void> {
    const { room, name, metadata } = this.joinOptions ?? { room: '', name: '' };
    const wish = { room, name, ...(metadata !== undefined && { metadata }) };
    const prepared = await this.preparation.take(room);
    const transport = prepared ?? this.makeTransport(this.seatsNeeded());
    this.useTransport(transport);
    const publish = () => this.publications.lines((source) => transport.mid(source));
    const release = await this.adopt(
      prepared
        ? this.signal.request('join', { ...wish, publish: publish() })
        : transport.negotiate((offer) =>
            this.signal.request('join', { ...wish, offer, publish: publish() }),
          ),
    );
    this.setStatus('joined');
    this.recovery.start();
    this.recovery.handleMedia(transport.state);
    this.announce();
    release();
  }

  /** Events come right behind the answer, which takes a moment to be applied: they wait until what is returned is called. */
  private async adopt(answer: Promise<Snapshot>): Promise<() => void> {
    const release = this.gate.close();
    const snapshot = await answer.catch((thrown: unknown) => {
      release();
      throw thrown;
    });
    this.resumeToken = snapshot.resumeToken;
    this.shown = this.transport;
    this.roster.adopt(snapshot);
    this.slots.reset(snapshot.assignments);
    this.publications.adopt(this.roster.ownStreams);
    return release;
  }

  /** Tells the application of a new snapshot, and the server of what it may not know. */
  private announce(): void {
    this.emit('participants', this.participants);
    this.emit('receptions', this.receptions);
    this.tiles.repeat();
    this.syncPublications().catch((thrown: unknown) => this.reportTrouble(thrown));
  }

  private seatsNeeded(): number {
    const seats = this.signal.welcome?.seats;
    return Math.max(seats?.initial ?? 0, Math.min(this.transport?.seats ?? 0, seats?.max ?? 0));
  }

  private makeTransport(seats?: number): MediaTransport {
    const { welcome } = this.signal;
    if (!welcome) throw new RequestError('disconnected', 'not connected');
    return new MediaTransport(welcome, seats ?? welcome.seats.initial, this.platform);
  }

  /** Puts a transport in the place of the one before, with all that is sent. */
  private useTransport(transport: MediaTransport): void {
    if (this.transport === transport) return;
    this.discardTransport();
    this.transport = transport;
    this.previousDigest = undefined;
    transport.on('state', (state) => {
      if (this.transport !== transport) return;
      this.recovery.handleMedia(state);
      this.refreshState();
    });
    for (const [source, track] of this.tracks) {
      // Not awaited: the encoder shall start while the request is on its way.
      transport.send(source, track).catch((thrown: unknown) => this.reportTrouble(thrown));
    }
  }

  private discardTransport(): void {
    this.transport?.close();
    this.transport = undefined;
  }

  private async syncPublications(): Promise<void> {
    const { transport } = this;
    if (this.callState.status !== 'joined' || !transport) return;
    try {
      await this.publications.sync(this.signal, (source) => transport.mid(source));
    } catch (thrown) {
      // Without a connection the wish stays, and the snapshot of the next one brings it about.
      if (asRequestError(thrown).code !== 'disconnected') throw thrown;
    }
  }

  private async sendView(tiles: Tile[]): Promise<readonly TilePlacing[] | undefined> {
    if (this.callState.status !== 'joined' || !this.signal.welcome) return undefined;
    const { tiles: placings } = await this.signal.request('view', { tiles });
    this.slots.place(placings);
    this.emit('placings', placings);
    return placings;
  }

  private async grow(seats: number): Promise<boolean> {
    const pool = this.signal.welcome?.seats;
    const { transport } = this;
    if (!pool || !transport) return false;
    const steps = Math.ceil((seats - transport.seats) / Math.max(pool.step, 1));
    const target = Math.min(transport.seats + steps * pool.step, pool.max);
    if (target <= transport.seats) return false;
    transport.addSeats(target);
    await transport.negotiate((offer) => this.signal.request('renegotiate', { offer }));
    this.emit('receptions', this.receptions);
    return true;
  }

  private recoveryHost(): ConstructorParameters<typeof Recovery>[0] {
    const isConnected = (): boolean => this.signal.welcome !== undefined;
    const mediaState = () => this.transport?.state ?? 'failed';
    return {
      get connected() {
        return isConnected();
      },
      get mediaState() {
        return mediaState();
      },
      resume: (remedy) => this.resume(remedy),
      renegotiate: (remedy) => this.renegotiate(remedy),
      rejoin: () => this.enter(),
      reconnect: () => this.signal.restart(),
      changed: () => this.refreshState(),
      giveUp: (error) => this.end({ reason: 'refused', code: error.code }),
    };
  }

  private async resume(remedy: Remedy): Promise<void> {
    const token = this.resumeToken;
    if (remedy === 'keep') {
      const release = await this.adopt(this.signal.request('resume', { token }));
      this.announce();
      release();
      return;
    }
    const transport = this.transportFor(remedy);
    const release = await this.adopt(
      transport.negotiate(
        (offer) => {
          const publish = this.publications.lines((source) => transport.mid(source));
          return this.signal.request('resume', { token, offer, publish });
        },
        { iceRestart: remedy === 'restart-ice' },
      ),
    );
    this.announce();
    release();
  }

  private async renegotiate(remedy: Remedy): Promise<void> {
    const transport = this.transportFor(remedy);
    await transport.negotiate((offer) => this.signal.request('renegotiate', { offer }), {
      iceRestart: remedy === 'restart-ice',
    });
    this.shown = transport;
    this.emit('receptions', this.receptions);
    if (remedy === 'replace') this.tiles.repeat();
  }

  private transportFor(remedy: Remedy): MediaTransport {
    if (remedy === 'restart-ice' && this.transport) return this.transport;
    const transport = this.makeTransport(this.seatsNeeded());
    this.useTransport(transport);
    return transport;
  }

  private handleWelcome(): void {
    if (this.callState.status === 'connecting') this.setStatus('ready');
    else this.refreshState();
    this.preparation.handleWelcome();
    this.recovery.handleWelcome();
  }

  private handleLost(): void {
    this.preparation.handleLost();
    this.recovery.handleSocketLost();
    if (this.callState.status === 'ready') this.setStatus('connecting');
    else this.refreshState();
  }

  private handleEvent(event: ServerEvent): void {
    if (this.callState.status !== 'joined') return;
    if (this.roster.handle(event)) this.emit('participants', this.participants);
    switch (event.name) {
      case 'slots':
        this.slots.handle(event.payload.slots, event.payload.tiles);
        this.emit('receptions', this.receptions);
        if (event.payload.tiles) this.emit('placings', event.payload.tiles);
        break;
      case 'speakers':
        this.emit(
          'speakers',
          event.payload.speakers.map(({ participantId }) => participantId),
        );
        break;
      case 'message':
        this.emit('message', event.payload);
        break;
      case 'codec':
        void this.transport?.switchCodec(event.payload.mid, event.payload.codec);
        break;
      case 'error':
        this.handleServerError(event.payload);
        break;
      case 'room-closed':
        this.recovery.handleForgotten();
    }
  }

  private handleServerError(error: { code: string; message: string }): void {
    if (error.code === 'resumed-elsewhere') this.end({ reason: 'elsewhere' });
    else if (error.code === 'media-failed') this.recovery.handleMediaFailed();
    else this.emit('trouble', error);
  }

  private end(ended: NonNullable<CallState['ended']>): void {
    if (this.callState.status === 'left') return;
    // Asked without waiting: whatever the answer, we go.
    if (this.callState.status === 'joined') this.signal.tell('leave', {});
    clearTimeout(this.recheck);
    this.recovery.stop();
    this.tiles.stop();
    this.preparation.stop();
    this.discardTransport();
    this.signal.close();
    this.roster.clear();
    this.slots.reset([]);
    this.shown = undefined;
    this.callState = { status: 'left', ended };
    this.emit('state', this.callState);
  }

  private setStatus(status: CallStatus): void {
    clearTimeout(this.recheck);
    this.callState = this.describe(status);
    // Whether media still flows is told by nobody, it must be looked up.
    if (this.callState.interruption)
      this.recheck = setTimeout(() => this.refreshState(), kRecheckMs);
    this.emit('state', this.callState);
  }

  private refreshState(): void {
    if (this.callState.status !== 'left') this.setStatus(this.callState.status);
  }

  private describe(status: CallStatus): CallState {
    const interruption = this.interruptions.observe({
      status,
      connected: this.signal.welcome !== undefined,
      attempts: this.signal.failedAttempts,
      trouble: this.recovery.trouble,
      media: this.transport?.state,
      receives: this.transport?.receives ?? false,
    });
    return { status, ...(interruption && { interruption }) };
  }

  private reportTrouble(thrown: unknown): void {
    const { code, message } = asRequestError(thrown);
    if (code !== 'disconnected') this.emit('trouble', { code, message });
  }
}
