/** A cough does not move the picture: somebody must be the loudest for so long to be shown large. */
const kHoldMs = 1200;

/** Follows who speaks, without jumping at every sound. */
export class SpeakerFocus {
  private focused: string | undefined;
  private candidate: string | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly onChange: () => void) {}

  /** The participant to show large; stays when everybody is silent. */
  get participantId(): string | undefined {
    return this.focused;
  }

  handleSpeakers(loudestFirst: readonly string[]): void {
    const loudest = loudestFirst[0];
    if (loudest === this.candidate) return;
    clearTimeout(this.timer);
    this.candidate = loudest;
    if (loudest === undefined || loudest === this.focused) return;
    if (this.focused === undefined) this.focus(loudest);
    else this.timer = setTimeout(() => this.focus(loudest), kHoldMs);
  }

  handleLeft(participantId: string): void {
    if (this.focused === participantId) this.focus(this.candidate);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.focused = this.candidate = undefined;
  }

  private focus(participantId: string | undefined): void {
    this.focused = participantId;
    this.onChange();
  }
}
