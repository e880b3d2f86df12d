import type { MediaTransport } from '../media/transport.js';
import type { Signal } from '../signalling/signal.js';

interface Prepared {
  readonly room: string;
  readonly transport: MediaTransport;
  /** True if the server has it ready. */
  readonly granted: Promise<boolean>;
  usableUntil: number;
}

/** A join that comes at the last moment would find the server's side just gone. */
const kMarginMs = 2000;
/** After a refusal (too many wait already) the next attempt waits, and `join` brings its own offer. */
const kRetryMs = 5000;

/** A media connection that is set up while the user still looks at the preview. */
export class Preparation {
  private room: string | undefined;
  private current: Prepared | undefined;

  constructor(
    private readonly signal: Pick<Signal, 'request' | 'welcome'>,
    private readonly makeTransport: () => MediaTransport,
  ) {}

  get transport(): MediaTransport | undefined {
    return this.current?.transport;
  }

  /** Wants a fresh preparation for `room`; makes one now, or as soon as there is a connection. */
  want(room: string): void {
    this.room = room;
    const fresh = this.current?.room === room && this.current.usableUntil > Date.now();
    if (fresh || !this.signal.welcome) return;
    this.discard();
    this.current = this.start(room);
  }

  handleWelcome(): void {
    if (this.room !== undefined) this.want(this.room);
  }

  /** The server drops what was prepared on a socket together with the socket. */
  handleLost(): void {
    this.discard();
  }

  /** Hands out the prepared transport, if there is a fresh one for `room`, and ends the preparing. */
  async take(room: string): Promise<MediaTransport | undefined> {
    const prepared = this.current;
    this.room = undefined;
    const granted = (await prepared?.granted) ?? false;
    // The socket may have been lost meanwhile, and the preparation with it.
    if (!prepared || prepared !== this.current) return undefined;
    this.current = undefined;
    if (granted && prepared.room === room && prepared.usableUntil > Date.now())
      return prepared.transport;
    prepared.transport.close();
    return undefined;
  }

  stop(): void {
    this.room = undefined;
    this.discard();
  }

  private start(room: string): Prepared {
    const transport = this.makeTransport();
    const granted = transport
      .negotiate((offer) => this.signal.request('prepare', { room, offer }))
      .then(
        ({ expiresInMs }) => {
          prepared.usableUntil = Date.now() + expiresInMs - kMarginMs;
          return true;
        },
        () => {
          prepared.usableUntil = Date.now() + kRetryMs;
          return false;
        },
      );
    const prepared: Prepared = { room, transport, granted, usableUntil: Infinity };
    return prepared;
  }

  private discard(): void {
    this.current?.transport.close();
    this.current = undefined;
  }
}
