import type { Reception } from '../call/slots.js';
import { Emitter } from '../emitter.js';

/**
 * Plays whatever is heard: one audio element for each audio slot in use, kept for as long as the slot's track
 * lives, whoever stands behind the slot. Tells when the browser blocks sound until the user has clicked.
 */
export class AudioOutput extends Emitter<{ blocked: boolean }> {
  private readonly elements = new Map<MediaStreamTrack, HTMLAudioElement>();
  private isBlocked = false;
  private sinkId = '';

  /** The browser wants a click before it plays sound: offer a button that calls `unblock`. */
  get blocked(): boolean {
    return this.isBlocked;
  }

  /** Takes in the event `receptions` of the call. */
  handleReceptions(receptions: readonly Reception[]): void {
    for (const { kind, track } of receptions) {
      if (kind === 'audio' && !this.elements.has(track)) this.play(track);
    }
    for (const [track, element] of this.elements) {
      if (track.readyState !== 'ended') continue;
      element.srcObject = null;
      this.elements.delete(track);
    }
  }

  /** Plays on another device, where the browser lets one choose. */
  async setSink(deviceId: string): Promise<void> {
    this.sinkId = deviceId;
    await Promise.all([...this.elements.values()].map((element) => this.applySink(element)));
  }

  /** To be called from a click. */
  async unblock(): Promise<void> {
    await Promise.allSettled([...this.elements.values()].map((element) => element.play()));
    this.setBlocked([...this.elements.values()].some((element) => element.paused));
  }

  stop(): void {
    for (const element of this.elements.values()) element.srcObject = null;
    this.elements.clear();
    this.setBlocked(false);
  }

  private play(track: MediaStreamTrack): void {
    const element = new Audio();
    element.autoplay = true;
    element.srcObject = new MediaStream([track]);
    this.elements.set(track, element);
    void this.applySink(element);
    element.play().catch((thrown: unknown) => {
      if (thrown instanceof DOMException && thrown.name === 'NotAllowedError')
        this.setBlocked(true);
    });
  }

  private async applySink(element: HTMLAudioElement): Promise<void> {
    if (this.sinkId === '' || !('setSinkId' in element)) return;
    // A device that was unplugged: the default one goes on playing.
    await element.setSinkId(this.sinkId).catch(() => undefined);
  }

  private setBlocked(blocked: boolean): void {
    if (this.isBlocked === blocked) return;
    this.isBlocked = blocked;
    this.emit('blocked', blocked);
  }
}
