import type { Tile, TilePlacing } from '../protocol.js';

/** Resizing a window changes the tiles with every frame; the server need not follow each. */
const kPauseBetweenViewsMs = 100;

export interface ViewHost {
  /** Sends the view; resolves with where its tiles went, or undefined while there is no call. */
  sendView(tiles: Tile[]): Promise<readonly TilePlacing[] | undefined>;
  /** Grows the pool so that so many tiles have a seat each; true if it grew. */
  grow(seats: number): Promise<boolean>;
}

/** The declared view: sends it when it changes, not too often, and asks for seats when there are too few. */
export class View {
  private tiles: readonly Tile[] = [];
  private declared = '[]';
  private sent: string | undefined;
  private pause: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly host: ViewHost,
    private readonly onFailure: (thrown: unknown) => void,
  ) {}

  /** Declares what the application shows; replaces what was declared before. */
  declare(tiles: readonly Tile[]): void {
    this.tiles = tiles;
    this.declared = JSON.stringify(tiles);
    this.flush();
  }

  /** Forgets what was sent and sends again: the server may know less than we told it. */
  repeat(): void {
    this.sent = undefined;
    clearTimeout(this.pause);
    this.pause = undefined;
    this.flush();
  }

  stop(): void {
    clearTimeout(this.pause);
    this.pause = undefined;
    this.tiles = [];
    this.declared = '[]';
    this.sent = undefined;
  }

  private flush(): void {
    if (this.pause !== undefined || this.declared === this.sent) return;
    this.pause = setTimeout(() => {
      this.pause = undefined;
      this.flush();
    }, kPauseBetweenViewsMs);
    this.sent = this.declared;
    void this.deliver([...this.tiles], this.declared);
  }

  private async deliver(tiles: Tile[], declared: string): Promise<void> {
    try {
      const placings = await this.host.sendView(tiles);
      if (!placings) {
        // There is no call now; `repeat` follows when there is.
        if (this.sent === declared) this.sent = undefined;
        return;
      }
      const short = placings.some((placing) => placing.reason === 'no-seat');
      if (short && (await this.host.grow(tiles.length))) this.repeat();
    } catch (thrown) {
      if (this.sent === declared) this.sent = undefined;
      this.onFailure(thrown);
    }
  }
}
