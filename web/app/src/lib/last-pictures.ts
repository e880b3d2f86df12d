/** A moment longer than the call takes to come back: after that a picture is no longer the present. */
const kKeptMs = 20_000;
/** Large enough for a tile, small enough to keep one for each of a full room. */
const kWidth = 480;

interface Kept {
  readonly picture: HTMLCanvasElement;
  readonly at: number;
}

/** The last pictures of tiles that are gone, for the tiles that come in their place. */
class LastPictures {
  private readonly kept = new Map<string, Kept>();

  keep(key: string, video: HTMLVideoElement): void {
    this.dropOld();
    if (video.videoWidth === 0) return;
    const picture = document.createElement('canvas');
    picture.width = Math.min(kWidth, video.videoWidth);
    picture.height = Math.round((picture.width * video.videoHeight) / video.videoWidth);
    picture.getContext('2d')?.drawImage(video, 0, 0, picture.width, picture.height);
    this.kept.set(key, { picture, at: Date.now() });
  }

  find(key: string): HTMLCanvasElement | undefined {
    this.dropOld();
    return this.kept.get(key)?.picture;
  }

  private dropOld(): void {
    for (const [key, { at }] of this.kept) {
      if (Date.now() - at > kKeptMs) this.kept.delete(key);
    }
  }
}

/** Those of this page. */
export const lastPictures = new LastPictures();
