import type { Interruption, InterruptionCause } from '@visavis/client';
import { Store } from '../lib/store.js';

export interface BannerView {
  readonly cause: InterruptionCause;
  readonly mediaFlows: boolean;
  /** How long the call has not been whole. */
  readonly seconds: number;
}

/** Most interruptions are over before anybody would have noticed. */
const kUnnoticedMs = 700;

/** Tells of an interruption that lasts, with its cause and its length. */
export class Banner {
  readonly view = new Store<BannerView | undefined>(undefined);
  private interruption: Interruption | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly onRecovered: () => void) {}

  handle(interruption: Interruption | undefined): void {
    this.interruption = interruption;
    if (interruption) {
      if (this.view.value) this.show();
      else this.timer ??= setTimeout(() => this.show(), kUnnoticedMs);
    } else {
      const shown = this.view.value !== undefined;
      this.stop();
      if (shown) this.onRecovered();
    }
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.interruption = undefined;
    this.view.set(undefined);
  }

  private show(): void {
    if (!this.interruption) return;
    const { cause, mediaFlows, since } = this.interruption;
    const seconds = Math.floor((Date.now() - since) / 1000);
    this.view.set({ cause, mediaFlows, seconds });
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.show(), 1000);
  }
}
