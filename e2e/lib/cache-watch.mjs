// Watches what the server counts for one publisher's camera, closely enough to tell what came first.
export class CacheWatch {
  #timer;
  #stopped = false;

  constructor(server, participant) {
    this.read = async () => {
      const [asked, keyframes, hits, misses] = await Promise.all(
        ['plis', 'keyframes', 'cache_hits', 'cache_misses'].map((name) =>
          server.metric(`visavis_publisher_${name}_total`, { participant, kind: 'video' }),
        ),
      );
      return { at: Date.now(), asked, keyframes, hits, misses };
    };
    this.changes = [];
  }

  async start() {
    const look = async () => {
      const now = await this.read().catch(() => undefined);
      const last = this.changes.at(-1);
      const same = now && last && ['asked', 'keyframes', 'hits', 'misses'].every((key) => now[key] === last[key]);
      if (now && !same) this.changes.push(now);
      if (!this.#stopped) this.#timer = setTimeout(look, 20).unref();
    };
    await look();
    return this;
  }

  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  get now() {
    return this.changes.at(-1);
  }

  /** When the count of keyframes last grew. */
  get lastKeyframeAt() {
    const { keyframes } = this.now;
    return this.changes.find((change) => change.keyframes === keyframes).at;
  }
}
