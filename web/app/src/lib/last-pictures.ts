/** A moment longer than the call takes to come back: after that a picture is no longer the present. */
const kKeptMs = 20_000;
/** Large enough for a tile, small enough to keep one for each of a full room. */
const kWidth = 480;

interface Kept {
  readonly picture: HTMLCanvasElement;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** The last pictures of tiles that are gone, for the tiles that come in their place. */
class LastPictures {
  private readonly kept = new Map<string, Kept>();

  keep(key: string, video: HTMLVideoElement): void {
    if (video.videoWidth === 0) return;
    const picture = document.createElement('canvas');
    picture.width = Math.min(kWidth, video.videoWidth);
    picture.height = Math.round((picture.width * video.videoHeight) / video.videoWidth);
    picture.getContext('2d')?.drawImage(video, 0, 0, picture.width, picture.height);
    this.forget(key);
    // By a timer: a page that stays open shall hold nobody's picture because nobody asked for one since.
    const timer = setTimeout(() => this.kept.delete(key), kKeptMs);
    this.kept.set(key, { picture, timer });
  }

  find(key: string): HTMLCanvasElement | undefined {
    return this.kept.get(key)?.picture;
  }

  /** The present is there. */
  forget(key: string): void {
    clearTimeout(this.kept.get(key)?.timer);
    this.kept.delete(key);
  }
}

/** Those of this page. */
export const lastPictures = new LastPictures();
