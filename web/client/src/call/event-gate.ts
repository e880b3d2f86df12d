import type { ServerEvent } from '../signalling/signal.js';

/** Lets events pass, or holds them back while what they build on is not there yet. */
export class EventGate {
  private held: ServerEvent[] | undefined;

  constructor(private readonly handle: (event: ServerEvent) => void) {}

  pass(event: ServerEvent): void {
    if (this.held) this.held.push(event);
    else this.handle(event);
  }

  /** From now on events are held, until what is returned is called. */
  close(): () => void {
    const held: ServerEvent[] = [];
    this.held = held;
    return () => {
      if (this.held === held) this.held = undefined;
      for (const event of held.splice(0)) this.pass(event);
    };
  }
}
