import type { MediaKind, PublishLine, Source, Stream } from '../protocol.js';
import type { Signal } from '../signalling/signal.js';

const kKinds: Record<Source, MediaKind> = {
  microphone: 'audio',
  camera: 'video',
  screen: 'video',
  'screen-audio': 'audio',
};

/**
 * What this client publishes: what it wants, what the server knows, and the requests that make the two equal.
 * Whatever happens in between (a lost socket, a server that forgot), `sync` brings the wish about.
 */
export class Publications {
  private readonly wanted = new Map<Source, { muted: boolean }>();
  private known = new Map<Source, Stream>();
  private running: Promise<void> | undefined;
  private again = false;

  /** Wants `source` published, muted or not; `undefined`: not published. */
  want(source: Source, wish: { muted: boolean } | undefined): void {
    if (wish) this.wanted.set(source, wish);
    else this.wanted.delete(source);
  }

  wish(source: Source): { muted: boolean } | undefined {
    return this.wanted.get(source);
  }

  /** The wish, as `join` and `resume` take it. */
  lines(mid: (source: Source) => string | undefined): PublishLine[] {
    return [...this.wanted].flatMap(([source, { muted }]) => {
      const line = mid(source);
      return line === undefined ? [] : [{ mid: line, kind: kKinds[source], source, muted }];
    });
  }

  /** The server's list of one's own streams, out of a snapshot. */
  adopt(streams: readonly Stream[]): void {
    this.known = new Map(streams.map((stream) => [stream.source, stream]));
  }

  streamId(source: Source): string | undefined {
    return this.known.get(source)?.id;
  }

  /** Asks the server for every difference, one after another. Rejects at the first refusal. */
  sync(
    signal: Pick<Signal, 'request'>,
    mid: (source: Source) => string | undefined,
  ): Promise<void> {
    this.again = true;
    this.running ??= this.run(signal, mid).finally(() => (this.running = undefined));
    return this.running;
  }

  private async run(
    signal: Pick<Signal, 'request'>,
    mid: (source: Source) => string | undefined,
  ): Promise<void> {
    while (this.again) {
      this.again = false;
      await this.removeUnwanted(signal);
      for (const [source, { muted }] of [...this.wanted]) {
        const line = mid(source);
        const stream = this.known.get(source);
        if (!stream && line !== undefined) {
          const granted = await signal.request('publish', { mid: line, source, muted });
          this.known.set(source, granted.stream);
        } else if (stream && stream.muted !== muted) {
          await signal.request('mute', { streamId: stream.id, muted });
          this.known.set(source, { ...stream, muted });
        }
      }
    }
  }

  private async removeUnwanted(signal: Pick<Signal, 'request'>): Promise<void> {
    for (const [source, stream] of [...this.known]) {
      if (this.wanted.has(source)) continue;
      await signal.request('unpublish', { streamId: stream.id });
      this.known.delete(source);
    }
  }
}
