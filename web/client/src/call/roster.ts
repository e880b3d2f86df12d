import type { Participant, Snapshot, Stream } from '../protocol.js';
import type { ServerEvent } from '../signalling/signal.js';

/** Who is in the room and what they publish. Objects are replaced on a change, never altered. */
export class Roster {
  private members: readonly Participant[] = [];
  private snapshotRevision = 0;
  private selfId = '';

  /** One's own participant id; empty before the first snapshot. */
  get self(): string {
    return this.selfId;
  }

  /** Everyone else, in the order of joining. */
  get others(): readonly Participant[] {
    return this.members.filter((member) => member.id !== this.selfId);
  }

  /** One's own streams as the server knows them. */
  get ownStreams(): readonly Stream[] {
    return this.find(this.selfId)?.streams ?? [];
  }

  find(id: string): Participant | undefined {
    return this.members.find((member) => member.id === id);
  }

  clear(): void {
    this.members = [];
    this.selfId = '';
    this.snapshotRevision = 0;
  }

  adopt(snapshot: Snapshot): void {
    this.members = snapshot.participants;
    this.selfId = snapshot.self;
    this.snapshotRevision = snapshot.revision;
  }

  /** Takes in an event about the room; true if it changed something. */
  handle(event: ServerEvent): boolean {
    // What happened before the snapshot is part of it.
    if ('revision' in event.payload && event.payload.revision <= this.snapshotRevision)
      return false;
    const before = this.members;
    this.members = this.after(event);
    return this.members !== before;
  }

  private after({ name, payload }: ServerEvent): readonly Participant[] {
    switch (name) {
      case 'participant-joined':
        return [...this.without(payload.participant.id), payload.participant];
      case 'participant-left':
        return this.without(payload.participantId);
      case 'participant-updated': {
        const { participantId, revision: _, ...changes } = payload;
        return this.change(participantId, (member) => ({ ...member, ...changes }));
      }
      case 'stream-published':
        return this.changeStreams(payload.participantId, (streams) => [
          ...streams.filter((stream) => stream.id !== payload.stream.id),
          payload.stream,
        ]);
      case 'stream-unpublished':
        return this.changeStreams(payload.participantId, (streams) =>
          streams.filter((stream) => stream.id !== payload.streamId),
        );
      case 'stream-muted':
        return this.changeStreams(payload.participantId, (streams) =>
          streams.map((stream) =>
            stream.id === payload.streamId ? { ...stream, muted: payload.muted } : stream,
          ),
        );
      default:
        return this.members;
    }
  }

  private without(id: string): readonly Participant[] {
    return this.members.filter((member) => member.id !== id);
  }

  private change(id: string, to: (member: Participant) => Participant): readonly Participant[] {
    return this.members.map((member) => (member.id === id ? to(member) : member));
  }

  private changeStreams(id: string, to: (streams: Stream[]) => Stream[]): readonly Participant[] {
    return this.change(id, (member) => ({ ...member, streams: to(member.streams) }));
  }
}
