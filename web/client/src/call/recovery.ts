import { asRequestError, RequestError } from '../errors.js';
import type { TransportState } from '../media/transport.js';

/** How media is brought back: the connection as it is, other candidates for it, or another connection. */
export type Remedy = 'keep' | 'restart-ice' | 'replace';

/** What recovery can do; each rejects with a RequestError. */
export interface RecoveryHost {
  readonly connected: boolean;
  readonly mediaState: TransportState;
  /** On a new socket, as the same participant. */
  resume(remedy: Remedy): Promise<void>;
  /** On the same socket. */
  renegotiate(remedy: Remedy): Promise<void>;
  /** As a new participant: the server does not know the old one any more. */
  rejoin(): Promise<void>;
  /** The socket answers no more, although it seems to stand. */
  reconnect(): void;
  /** What is wrong now has changed. */
  changed(): void;
  /** The call cannot be brought back. */
  giveUp(error: RequestError): void;
}

/** Why the call is not whole. */
export type Trouble = 'signalling' | 'forgotten' | 'media';

/** ICE often heals by itself within a second or two, and a restart costs a round trip and candidates. */
const kInterruptedMs = 2000;
/** A remedy that has not helped by then will not. Also for the first connection: a healthy one takes a second. */
const kRemedyMs = 8000;
const kRetryMs = 1000;
/** A new network announces itself by several events. */
const kNetworkSettlesMs = 300;

/** Refusals that no repetition will turn into a yes. */
const kFinal: ReadonlySet<string> = new Set([
  'room-full',
  'room-name-invalid',
  'name-invalid',
  'name-too-long',
  'metadata-too-large',
]);

/** Brings a joined call back, whatever was lost: the socket, the media, or the server's memory of us. */
export class Recovery {
  private active = false;
  private socketLost = false;
  private forgotten = false;
  private mediaTroubled = false;
  private remediesTried = 0;
  private running = false;
  private again = false;
  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(private readonly host: RecoveryHost) {}

  get trouble(): Trouble | undefined {
    if (!this.active) return undefined;
    if (this.forgotten) return 'forgotten';
    if (this.socketLost) return 'signalling';
    return this.mediaTroubled && this.host.mediaState !== 'connected' ? 'media' : undefined;
  }

  /** From the join on. */
  start(): void {
    this.active = true;
    this.socketLost = this.forgotten = this.mediaTroubled = false;
    this.remediesTried = 0;
  }

  stop(): void {
    this.active = false;
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
  }

  handleSocketLost(): void {
    if (!this.active) return;
    this.socketLost = true;
    this.host.changed();
  }

  handleWelcome(): void {
    if (this.active && this.socketLost) void this.run();
  }

  /** The server says that the call has ended for all: it will know nobody when it is back. */
  handleForgotten(): void {
    if (!this.active) return;
    this.forgotten = true;
    this.host.changed();
  }

  handleMedia(state: TransportState): void {
    if (!this.active) return;
    switch (state) {
      case 'connected':
        this.cancel('media');
        this.remediesTried = 0;
        this.setMediaTroubled(false);
        break;
      case 'connecting':
        this.after('media', kRemedyMs, () => this.handleMediaTroubled());
        break;
      case 'interrupted':
        this.after('media', kInterruptedMs, () => this.handleMediaTroubled());
        break;
      case 'failed':
        this.handleMediaTroubled();
    }
  }

  /** The server has given the transport up: only another one helps. */
  handleMediaFailed(): void {
    this.remediesTried = Math.max(this.remediesTried, 1);
    this.handleMediaTroubled();
  }

  /** Another network: the old candidates are dead, though ICE will notice only in seconds. */
  handleNetworkChange(): void {
    this.after('network', kNetworkSettlesMs, () => this.handleMediaTroubled());
  }

  private handleMediaTroubled(): void {
    if (!this.active) return;
    this.setMediaTroubled(true);
    void this.run();
  }

  private setMediaTroubled(troubled: boolean): void {
    if (this.mediaTroubled === troubled) return;
    this.mediaTroubled = troubled;
    this.host.changed();
  }

  /** One attempt at a time; what comes in meanwhile leads to another. */
  private async run(): Promise<void> {
    this.again = true;
    if (this.running) return;
    this.running = true;
    while (this.again && this.active) {
      this.again = false;
      if (!this.host.connected) break;
      await this.attempt().catch((thrown: unknown) => this.handleFailure(asRequestError(thrown)));
      this.host.changed();
    }
    this.running = false;
  }

  private async attempt(): Promise<void> {
    if (this.forgotten) {
      await this.host.rejoin();
      this.forgotten = this.socketLost = this.mediaTroubled = false;
      this.remediesTried = 0;
      this.watchRemedy();
    } else if (this.socketLost) {
      const remedy = this.nextRemedy();
      await this.host.resume(remedy);
      this.socketLost = false;
      if (remedy !== 'keep') this.watchRemedy();
    } else if (this.mediaTroubled) {
      await this.host.renegotiate(this.nextRemedy());
      this.watchRemedy();
    }
  }

  private nextRemedy(): Remedy {
    if (!this.mediaTroubled) return 'keep';
    return this.remediesTried++ === 0 ? 'restart-ice' : 'replace';
  }

  private watchRemedy(): void {
    this.after('media', kRemedyMs, () => {
      // An ICE restart may leave the state at `connected` all the while, and then nobody tells.
      if (this.host.mediaState === 'connected') this.handleMedia('connected');
      else this.handleMediaTroubled();
    });
  }

  private handleFailure(error: RequestError): void {
    if (!this.active) return;
    if (error.code === 'invalid-resume-token' || error.code === 'not-joined') {
      this.forgotten = true;
      this.again = true;
    } else if (kFinal.has(error.code)) {
      this.host.giveUp(error);
    } else if (error.code === 'timeout') {
      this.host.reconnect();
    } else if (error.code !== 'disconnected') {
      // Disconnected: the next welcome brings us back here. Anything else may pass.
      this.after('retry', kRetryMs, () => void this.run());
    }
  }

  private after(name: string, ms: number, action: () => void): void {
    this.cancel(name);
    const timer = setTimeout(() => {
      this.timers.delete(name);
      action();
    }, ms);
    this.timers.set(name, timer);
  }

  private cancel(name: string): void {
    clearTimeout(this.timers.get(name));
    this.timers.delete(name);
  }
}
