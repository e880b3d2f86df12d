import type {
  MediaKind,
  SlotAssignment,
  SlotState,
  Source,
  Stream,
  TilePlacing,
  TileReason,
} from '../protocol.js';

/** A stream that arrives now: whose it is, and the track that it arrives on. */
export interface Reception {
  readonly participantId: string;
  readonly streamId: string;
  readonly source: Source;
  readonly kind: MediaKind;
  readonly slot: number;
  readonly state: SlotState;
  readonly reason?: TileReason | undefined;
  /** Belongs to the slot, not to the stream: another participant may come to stand behind it. */
  readonly track: MediaStreamTrack;
}

/** What stands behind the slots, and where the tiles of the view went. */
export class SlotTable {
  private assignments = new Map<number, SlotAssignment>();
  private tiles: readonly TilePlacing[] = [];

  /** The tiles of the view as the server placed them. */
  get placings(): readonly TilePlacing[] {
    return this.tiles;
  }

  /** Starts anew from a snapshot, which lists only the slots that are not empty. */
  reset(assignments: readonly SlotAssignment[]): void {
    this.assignments = new Map(assignments.map((assignment) => [assignment.slot, assignment]));
  }

  handle(changed: readonly SlotAssignment[], tiles: readonly TilePlacing[] | undefined): void {
    for (const assignment of changed) this.assignments.set(assignment.slot, assignment);
    if (tiles) this.tiles = tiles;
  }

  place(tiles: readonly TilePlacing[]): void {
    this.tiles = tiles;
  }

  /** All slots with a stream behind them, joined with the tracks and with what is known of the streams. */
  receptions(
    track: (slot: number) => MediaStreamTrack | undefined,
    stream: (participantId: string, streamId: string) => Stream | undefined,
  ): Reception[] {
    return [...this.assignments.values()].flatMap((assignment) => {
      const { slot, kind, participantId, streamId, state, reason } = assignment;
      if (participantId === undefined || streamId === undefined) return [];
      const own = track(slot);
      const source = stream(participantId, streamId)?.source;
      if (!own || !source) return [];
      return [{ participantId, streamId, source, kind, slot, state, reason, track: own }];
    });
  }
}
