import { describe, expect, it } from 'vitest';
import { participant, reception } from '../testing/fake-client.js';
import { tilesOf, type CallPicture } from './tiles.js';

const kTrack = { kind: 'video' } as MediaStreamTrack;
const ann = participant('Ann', 'microphone', 'camera');
const picture = (changes: Partial<CallPicture>): CallPicture => ({
  participants: [ann],
  receptions: [],
  placings: [],
  speakers: [],
  ...changes,
});
const only = (changes: Partial<CallPicture>) => tilesOf(picture(changes))[0];

describe('a tile', () => {
  it('is live when its picture flows', () => {
    expect(only({ receptions: [reception(ann, 'camera', kTrack)] })).toMatchObject({
      state: 'live',
      track: kTrack,
    });
  });

  it('waits until the picture comes', () => {
    expect(only({})).toMatchObject({ state: 'waiting', track: undefined });
    expect(only({ receptions: [reception(ann, 'camera', kTrack, 'waiting')] })).toMatchObject({
      state: 'waiting',
      track: kTrack,
    });
  });

  it('says that the camera is off when there is none, or it is muted', () => {
    for (const streams of [['microphone'], ['microphone', 'camera!']]) {
      expect(only({ participants: [participant('Ann', ...streams)] })).toMatchObject({
        state: 'camera-off',
        microphoneOff: false,
      });
    }
  });

  it('keeps the frozen picture of somebody whose connection is lost', () => {
    const lost = { ...ann, connection: 'lost' as const };
    expect(
      only({ participants: [lost], receptions: [reception(ann, 'camera', kTrack)] }),
    ).toMatchObject({ state: 'away', track: kTrack });
  });

  it('says that this browser cannot decode it', () => {
    expect(only({ receptions: [reception(ann, 'camera', kTrack, 'unsupported')] })).toMatchObject({
      state: 'unsupported',
      track: undefined,
    });
    expect(
      only({ placings: [{ participantId: 'ann', source: 'camera', reason: 'codec-unsupported' }] })
        ?.state,
    ).toBe('unsupported');
  });

  it('says that the server has no seat left', () => {
    expect(
      only({ placings: [{ participantId: 'ann', source: 'camera', reason: 'no-seat' }] })?.state,
    ).toBe('no-room');
  });

  it('speaks with its owner', () => {
    expect(only({ speakers: ['ann'] })?.speaking).toBe(true);
  });

  it('is silent while its owner is away', () => {
    const lost = { ...ann, connection: 'lost' as const };
    expect(only({ participants: [lost], speakers: ['ann'] })?.speaking).toBe(false);
  });

  it('is there once more, and before all others, for a shared screen', () => {
    const ben = participant('Ben', 'screen');
    const tiles = tilesOf(
      picture({ participants: [ann, ben], receptions: [reception(ben, 'screen', kTrack)] }),
    );
    expect(tiles.map(({ key, state }) => [key, state])).toEqual([
      ['ben/screen', 'live'],
      ['ann/camera', 'waiting'],
      ['ben/camera', 'camera-off'],
    ]);
  });
});
