import type { CallError, Snapshot, SlotLine, WelcomeEvent } from '../protocol.js';
import type { SocketLike } from '../signalling/signal.js';

export const kWelcome: WelcomeEvent = {
  protocol: 1,
  iceServers: [],
  codecs: {
    audio: [{ mimeType: 'audio/opus', clockRate: 48000, channels: 2 }],
    video: [{ mimeType: 'video/VP8', clockRate: 90000 }],
  },
  limits: {
    nameCharacters: 64,
    roomNameCharacters: 64,
    metadataBytes: 4096,
    messageBytes: 16384,
    messagesPerSecond: 20,
    offerBytes: 524288,
    streamsPerParticipant: 8,
    participantsPerRoom: 100,
    tiles: 64,
    resumeSeconds: 60,
    prepareSeconds: 30,
  },
  seats: { initial: 2, voices: 1, step: 2, max: 5 },
};

/** Somebody with a camera. */
export const kAnn = {
  id: 'ann',
  name: 'Ann',
  metadata: null,
  connection: 'connected' as const,
  streams: [{ id: 'ann-camera', kind: 'video' as const, source: 'camera' as const, muted: false }],
};

export interface Request {
  readonly event: string;
  readonly payload: Record<string, unknown>;
}

type Answer = object | 'silence';

/** A server in the place of the socket: tests read what it was asked, and say what it answers. */
export class FakeServer implements SocketLike {
  connected = false;
  /** False while the server is down: attempts to connect fail. */
  up = true;
  readonly requests: Request[] = [];
  private readonly listeners = new Map<string, ((...args: never[]) => void)[]>();
  private readonly answers = new Map<string, Answer[]>();
  private streams = 0;

  on(event: string, listener: (...args: never[]) => void): void {
    this.listeners.set(event, [...(this.listeners.get(event) ?? []), listener]);
  }

  emit(event: string, payload: unknown): void {
    this.requests.push({ event, payload: payload as Request['payload'] });
  }

  timeout(ms: number): { emitWithAck(event: string, payload: unknown): Promise<unknown> } {
    return {
      emitWithAck: async (event, payload) => {
        this.emit(event, payload);
        const answer =
          this.answers.get(event)?.shift() ?? this.grant(event, payload as Request['payload']);
        await Promise.resolve();
        if (answer !== 'silence') return answer;
        return new Promise((_, reject) => setTimeout(() => reject(new Error('timeout')), ms));
      },
    };
  }

  connect(): void {
    if (this.connected) return;
    this.connected = this.up;
    if (this.up) this.push('welcome', kWelcome);
    else this.push('connect_error', new Error('refused'));
  }

  disconnect(): void {
    if (this.connected) this.drop('io client disconnect');
  }

  /** The connection breaks. */
  drop(reason = 'transport close'): void {
    this.connected = false;
    this.push('disconnect', reason);
  }

  push(event: string, payload: unknown): void {
    for (const listener of this.listeners.get(event) ?? [])
      (listener as (payload: unknown) => void)(payload);
  }

  /** Puts somebody's camera into the first seat. */
  show(participantId: string): void {
    const slot = { slot: 1, kind: 'video', seat: 0, state: 'showing' };
    this.push('slots', {
      slots: [{ ...slot, participantId, streamId: `${participantId}-camera` }],
    });
  }

  /** Answers the next `event` so, instead of granting it. */
  answerNext(event: string, answer: Answer): void {
    this.answers.set(event, [...(this.answers.get(event) ?? []), answer]);
  }

  refuseNext(event: string, code: CallError['code']): void {
    this.answerNext(event, { ok: false, error: { code, message: code } });
  }

  of(event: string): Request[] {
    return this.requests.filter((request) => request.event === event);
  }

  last(event: string): Request['payload'] {
    const payload = this.of(event).at(-1)?.payload;
    if (!payload) throw new Error(`no ${event} was sent`);
    return payload;
  }

  private grant(event: string, payload: Request['payload']): object {
    const media = typeof payload['offer'] === 'string' ? negotiate(payload['offer']) : {};
    switch (event) {
      case 'prepare':
        return { ok: true, expiresInMs: 30_000, ...media };
      case 'join':
      case 'resume':
        return { ...snapshot(), ...media };
      case 'publish': {
        const stream = {
          id: `s${++this.streams}`,
          kind: 'video',
          source: payload['source'],
          muted: payload['muted'],
        };
        return { ok: true, stream, revision: 5 };
      }
      case 'view':
        return { ok: true, tiles: [] };
      default:
        return { ok: true, revision: 5, ...media };
    }
  }
}

export function snapshot(changes: Partial<Snapshot> = {}): Snapshot {
  return {
    ok: true,
    self: 'me',
    room: 'den',
    revision: 4,
    resumeToken: 'token-1',
    participants: [{ id: 'me', name: 'Me', metadata: null, connection: 'connected', streams: [] }],
    slots: [],
    assignments: [],
    ...changes,
  };
}

/** The slots as the server numbers them: the n-th audio and video line are seat n, audio left over is a voice. */
function negotiate(offer: string): { answer: string; slots: SlotLine[] } {
  const { lines, generation } = JSON.parse(offer) as { lines: string[]; generation: number };
  const receiving = lines
    .map((line, index) => ({ line, mid: String(index) }))
    .filter(({ line }) => line.endsWith('recvonly'));
  const videos = receiving.filter(({ line }) => line.startsWith('video')).length;
  const seen = { audio: 0, video: 0 };
  const slots = receiving.map(({ line, mid }, slot): SlotLine => {
    const kind = line.startsWith('audio') ? 'audio' : 'video';
    const seat = seen[kind]++;
    return { slot, mid, kind, ...(seat < videos && { seat }) };
  });
  return { answer: `answer ${generation}`, slots };
}
