import { RequestError } from '../errors.js';
import { Emitter } from '../emitter.js';
import type { ClientEvents, Failure, ServerEvents, WelcomeEvent } from '../protocol.js';

/** The part of socket.io-client's Socket that is used here, so that tests can stand in for it. */
export interface SocketLike {
  readonly connected: boolean;
  on(event: string, listener: (...args: never[]) => void): unknown;
  emit(event: string, payload: unknown): unknown;
  timeout(ms: number): { emitWithAck(event: string, payload: unknown): Promise<unknown> };
  connect(): unknown;
  disconnect(): unknown;
}

type RequestName = keyof ClientEvents;
type Payload<E extends RequestName> = ClientEvents[E]['payload'];
/** The ack of a request that was granted. */
export type Granted<E extends RequestName> = Exclude<ClientEvents[E]['ack'], Failure>;

export interface SignalEvents {
  /** Connected, and the server has said what it offers. Comes again after every reconnection. */
  welcome: WelcomeEvent;
  /** The connection is gone; a new one is being tried for. */
  lost: { reason: string };
  /** An attempt to connect failed; the next one comes by itself. */
  unreachable: { attempts: number };
  /** Any event of the server but `welcome`. */
  event: ServerEvent;
}

/** An event of the server with its name, for a switch. */
export type ServerEvent = {
  [E in Exclude<keyof ServerEvents, 'welcome'>]: { name: E; payload: ServerEvents[E] };
}[Exclude<keyof ServerEvents, 'welcome'>];

const kServerEvents: readonly ServerEvent['name'][] = [
  'participant-joined',
  'participant-left',
  'participant-updated',
  'stream-published',
  'stream-unpublished',
  'stream-muted',
  'slots',
  'codec',
  'speakers',
  'message',
  'error',
  'room-closed',
];

/** Longer than any healthy server takes, shorter than anybody's patience. */
const kAckTimeoutMs = 8000;
/** socket.io-client leaves reconnecting to us when it was the server that disconnected. */
const kReconnectAfterServerDisconnectMs = 500;

/** The call protocol over one Socket.IO connection: requests with acks, events, and whether it stands. */
export class Signal extends Emitter<SignalEvents> {
  private welcomed: WelcomeEvent | undefined;
  private attempts = 0;
  private closed = false;
  private retry: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly socket: SocketLike) {
    super();
    socket.on('welcome', (welcome: WelcomeEvent) => this.handleWelcome(welcome));
    socket.on('disconnect', (reason: string) => this.handleDisconnect(reason));
    socket.on('connect_error', () => this.emit('unreachable', { attempts: ++this.attempts }));
    for (const name of kServerEvents) {
      socket.on(name, (payload: never) => this.emit('event', { name, payload }));
    }
  }

  /** The newest `welcome`, while the connection stands. */
  get welcome(): WelcomeEvent | undefined {
    return this.welcomed;
  }

  /** Attempts to connect that failed since the last one that did not. */
  get failedAttempts(): number {
    return this.attempts;
  }

  open(): void {
    this.closed = false;
    this.socket.connect();
  }

  close(): void {
    this.closed = true;
    this.welcomed = undefined;
    clearTimeout(this.retry);
    this.socket.disconnect();
  }

  /** Drops a connection that answers no more, and opens another. */
  restart(): void {
    this.socket.disconnect();
    this.socket.connect();
  }

  /** Sends a request; resolves with its ack, rejects with a RequestError. */
  async request<E extends RequestName>(event: E, payload: Payload<E>): Promise<Granted<E>> {
    // socket.io-client would keep the request and send it into the next connection, where it means nothing.
    if (!this.welcomed) throw new RequestError('disconnected', `not connected, so no ${event}`);
    let ack: ClientEvents[E]['ack'];
    try {
      ack = (await this.socket
        .timeout(kAckTimeoutMs)
        .emitWithAck(event, payload)) as ClientEvents[E]['ack'];
    } catch {
      const code = this.welcomed ? 'timeout' : 'disconnected';
      throw new RequestError(code, `no answer to ${event}`);
    }
    if (!ack.ok) throw new RequestError(ack.error.code, ack.error.message);
    return ack as Granted<E>;
  }

  /** Sends without waiting for an ack: for a page that is being closed. */
  tell<E extends RequestName>(event: E, payload: Payload<E>): void {
    if (this.welcomed) this.socket.emit(event, payload);
  }

  private handleWelcome(welcome: WelcomeEvent): void {
    this.attempts = 0;
    this.welcomed = welcome;
    this.emit('welcome', welcome);
  }

  private handleDisconnect(reason: string): void {
    this.welcomed = undefined;
    if (this.closed) return;
    this.emit('lost', { reason });
    if (reason !== 'io server disconnect') return;
    this.retry = setTimeout(() => this.socket.connect(), kReconnectAfterServerDisconnectMs);
  }
}
