import type { Participant, Reception, TilePlacing } from '@visavis/client';

/**
 * What a tile shows. `live`: the picture; `waiting`: it is on its way; `camera-off`: there is none to show;
 * `away`: the participant's connection is lost; `unsupported`: this browser cannot decode it; `no-room`: more
 * tiles than the server has seats for.
 */
export type TileState = 'live' | 'waiting' | 'camera-off' | 'away' | 'unsupported' | 'no-room';
export type TileSource = 'camera' | 'screen';

export interface TileView {
  readonly key: string;
  readonly participantId: string;
  readonly name: string;
  readonly source: TileSource;
  readonly state: TileState;
  readonly track: MediaStreamTrack | undefined;
  /** The tile in whose place this one came when the server was restarted: its last picture stands until the first. */
  readonly formerKey: string | undefined;
  readonly speaking: boolean;
  readonly microphoneOff: boolean;
}

export interface PersonView {
  readonly id: string;
  readonly name: string;
  readonly self: boolean;
  readonly microphoneOff: boolean;
  readonly cameraOff: boolean;
  readonly sharing: boolean;
  readonly speaking: boolean;
  readonly away: boolean;
}

export interface CallPicture {
  readonly participants: readonly Participant[];
  readonly receptions: readonly Reception[];
  readonly placings: readonly TilePlacing[];
  readonly speakers: readonly string[];
  /** The id that somebody had before the server was restarted. */
  readonly formerOf?: (who: Participant) => string | undefined;
}

export const tileKey = (participantId: string, source: TileSource): string =>
  `${participantId}/${source}`;

/** A tile for each participant and each shared screen, screens first. */
export function tilesOf(picture: CallPicture): TileView[] {
  const cameras = picture.participants.map((who) => tile(picture, who, 'camera'));
  const screens = picture.participants
    .filter((who) => streamOf(who, 'screen'))
    .map((who) => tile(picture, who, 'screen'));
  return [...screens, ...cameras];
}

export function peopleOf(picture: CallPicture): PersonView[] {
  return picture.participants.map((who) => ({
    id: who.id,
    name: who.name,
    self: false,
    microphoneOff: isOff(who, 'microphone'),
    cameraOff: isOff(who, 'camera'),
    sharing: streamOf(who, 'screen') !== undefined,
    speaking: isSpeaking(picture, who),
    away: who.connection === 'lost',
  }));
}

function tile(picture: CallPicture, who: Participant, source: TileSource): TileView {
  const reception = picture.receptions.find(
    (one) => one.kind === 'video' && one.participantId === who.id && one.source === source,
  );
  const state = stateOf(picture, { who, source, reception });
  const former = picture.formerOf?.(who);
  return {
    key: tileKey(who.id, source),
    participantId: who.id,
    name: who.name,
    source,
    state,
    // A picture that is about to come back stays frozen rather than going black.
    track:
      state === 'live' || state === 'waiting' || state === 'away' ? reception?.track : undefined,
    formerKey: former === undefined ? undefined : tileKey(former, source),
    speaking: source === 'camera' && isSpeaking(picture, who),
    microphoneOff: isOff(who, 'microphone'),
  };
}

function stateOf(
  picture: CallPicture,
  about: { who: Participant; source: TileSource; reception: Reception | undefined },
): TileState {
  const { who, source, reception } = about;
  if (who.connection === 'lost') return 'away';
  if (isOff(who, source)) return 'camera-off';
  if (reception?.state === 'showing') return 'live';
  if (reception?.state === 'unsupported') return 'unsupported';
  const placing = picture.placings.find(
    (one) => one.participantId === who.id && one.source === source,
  );
  if (placing?.reason === 'codec-unsupported') return 'unsupported';
  return placing?.reason === 'no-seat' ? 'no-room' : 'waiting';
}

/** Who is cut off in mid-sentence stays the last speaker that the server named, but is not heard. */
const isSpeaking = ({ speakers }: CallPicture, who: Participant): boolean =>
  who.connection !== 'lost' && speakers.includes(who.id);

const streamOf = (who: Participant, source: string) =>
  who.streams.find((stream) => stream.source === source);

const isOff = (who: Participant, source: string): boolean => streamOf(who, source)?.muted ?? true;
