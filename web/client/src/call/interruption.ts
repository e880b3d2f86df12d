import type { TransportState } from '../media/transport.js';
import type { Trouble } from './recovery.js';
import type { CallStatus, Interruption, InterruptionCause } from './types.js';

interface Observation {
  readonly status: CallStatus;
  readonly connected: boolean;
  readonly attempts: number;
  readonly trouble: Trouble | undefined;
  readonly media: TransportState | undefined;
  readonly receives: boolean;
}

/** Turns what the parts know into the one cause that a user can act on, and remembers since when it holds. */
export class InterruptionClock {
  private current: Interruption | undefined;
  private mediaWasUp = false;

  observe(now: Observation): Interruption | undefined {
    if (now.status === 'joining') this.mediaWasUp = false;
    if (now.media === 'connected') this.mediaWasUp = true;
    const cause = this.cause(now);
    const mediaFlows = now.receives;
    if (!cause) this.current = undefined;
    else if (this.current?.cause !== cause || this.current.mediaFlows !== mediaFlows) {
      // A cause that gives way to another is still the same outage to the user.
      this.current = { cause, mediaFlows, since: this.current?.since ?? Date.now() };
    }
    return this.current;
  }

  private cause(now: Observation): InterruptionCause | undefined {
    if (now.status === 'idle' || now.status === 'left') return undefined;
    if (!now.connected) {
      if (now.status !== 'joined' && now.attempts === 0) return undefined;
      if (isOffline()) return 'offline';
      return now.trouble === 'forgotten' ? 'server-restarted' : 'server-unreachable';
    }
    switch (now.trouble) {
      case 'forgotten':
        return 'server-restarted';
      case 'signalling':
        return 'server-unreachable';
      case 'media':
        return this.mediaWasUp ? 'media-interrupted' : 'media-blocked';
      case undefined:
        return undefined;
    }
  }
}

function isOffline(): boolean {
  return typeof navigator !== 'undefined' && navigator.onLine === false;
}
