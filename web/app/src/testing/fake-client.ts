import {
  Emitter,
  type CallEvents,
  type CallState,
  type JoinOptions,
  type Participant,
  type Reception,
  type Source,
  type Stream,
  type Tile,
  type TilePlacing,
} from '@visavis/client';
import type { CallPort } from '../model/call-model.js';

/** A call without a server: tests and the gallery say what happens in it. */
export class FakeClient extends Emitter<CallEvents> implements CallPort {
  state: CallState = { status: 'idle' };
  selfId = '';
  participants: readonly Participant[] = [];
  receptions: readonly Reception[] = [];
  placings: readonly TilePlacing[] = [];
  /** What was asked of the call. */
  readonly log: string[] = [];
  tiles: readonly Tile[] = [];
  /** Refuses the next join with this code. */
  refuse: string | undefined;

  connect(): void {
    this.setState({ status: 'ready' });
  }

  prepare(room: string): void {
    this.log.push(`prepare ${room}`);
  }

  join({ name }: JoinOptions): Promise<void> {
    this.log.push(`join as ${name}`);
    if (this.refuse !== undefined) {
      const code = this.refuse;
      this.refuse = undefined;
      return Promise.reject(Object.assign(new Error(code), { code }));
    }
    this.selfId = 'self-1';
    this.setState({ status: 'joined' });
    this.emit('participants', this.participants);
    return Promise.resolve();
  }

  leave(): void {
    this.setState({ status: 'left', ended: { reason: 'asked' } });
  }

  publish(source: Source, track: MediaStreamTrack | null): Promise<void> {
    this.log.push(`publish ${source} ${track ? 'with' : 'without'} a track`);
    return Promise.resolve();
  }

  unpublish(source: Source): Promise<void> {
    this.log.push(`unpublish ${source}`);
    return Promise.resolve();
  }

  setMuted(source: Source, muted: boolean): Promise<void> {
    this.log.push(`${muted ? 'mute' : 'unmute'} ${source}`);
    return Promise.resolve();
  }

  view(tiles: readonly Tile[]): void {
    this.tiles = tiles;
  }

  message(text: string): Promise<void> {
    this.log.push(`say ${text}`);
    return Promise.resolve();
  }

  handleNetworkChange(): void {
    this.log.push('network change');
  }

  setState(state: CallState): void {
    this.state = state;
    this.emit('state', state);
  }

  setParticipants(participants: readonly Participant[]): void {
    this.participants = participants;
    this.emit('participants', participants);
  }

  setReceptions(receptions: readonly Reception[]): void {
    this.receptions = receptions;
    this.emit('receptions', receptions);
  }

  setPlacings(placings: readonly TilePlacing[]): void {
    this.placings = placings;
    this.emit('placings', placings);
  }
}

/** A participant with the given streams; `camera!` is a muted one. */
export function participant(name: string, ...streams: string[]): Participant {
  const id = name.toLowerCase();
  return {
    id,
    name,
    metadata: null,
    connection: 'connected',
    streams: streams.map((text): Stream => {
      const source = text.replace('!', '') as Source;
      const kind = source === 'camera' || source === 'screen' ? 'video' : 'audio';
      return { id: `${id}-${source}`, kind, source, muted: text.endsWith('!') };
    }),
  };
}

/** What the client receives of a participant's video. */
export function reception(
  who: Participant,
  source: 'camera' | 'screen',
  track: MediaStreamTrack,
  state: Reception['state'] = 'showing',
): Reception {
  const slot = who.id.length;
  return {
    participantId: who.id,
    streamId: `${who.id}-${source}`,
    source,
    kind: 'video',
    slot,
    state,
    track,
  };
}
