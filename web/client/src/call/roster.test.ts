import { beforeEach, describe, expect, it } from 'vitest';
import { snapshot } from '../testing/fake-server.js';
import { Roster } from './roster.js';

const kAnn = {
  id: 'ann',
  name: 'Ann',
  metadata: null,
  connection: 'connected' as const,
  streams: [],
};
const kCamera = { id: 'c', kind: 'video' as const, source: 'camera' as const, muted: false };
let roster: Roster;

beforeEach(() => {
  roster = new Roster();
  roster.adopt(snapshot({ revision: 4, participants: [...snapshot().participants, kAnn] }));
});

describe('the roster', () => {
  it('does not list oneself among the others', () => {
    expect(roster.others).toEqual([kAnn]);
    expect(roster.self).toBe('me');
  });

  it('ignores what the snapshot knows already', () => {
    expect(
      roster.handle({
        name: 'participant-left',
        payload: { participantId: 'ann', reason: 'left', revision: 4 },
      }),
    ).toBe(false);
    expect(roster.others).toHaveLength(1);
  });

  it('follows people who come, change and go', () => {
    roster.handle({
      name: 'participant-joined',
      payload: { participant: { ...kAnn, id: 'ben' }, revision: 5 },
    });
    roster.handle({
      name: 'participant-updated',
      payload: { participantId: 'ben', name: 'Benjamin', connection: 'lost', revision: 6 },
    });
    expect(roster.find('ben')).toMatchObject({ name: 'Benjamin', connection: 'lost' });
    expect(roster.find('ben')).not.toHaveProperty('revision');
    roster.handle({
      name: 'participant-left',
      payload: { participantId: 'ann', reason: 'left', revision: 7 },
    });
    expect(roster.others.map(({ id }) => id)).toEqual(['ben']);
  });

  it('follows streams that come, fall silent and go', () => {
    const about = { participantId: 'ann', streamId: 'c' };
    roster.handle({
      name: 'stream-published',
      payload: { participantId: 'ann', stream: kCamera, revision: 5 },
    });
    roster.handle({ name: 'stream-muted', payload: { ...about, muted: true, revision: 6 } });
    expect(roster.find('ann')?.streams).toEqual([{ ...kCamera, muted: true }]);
    roster.handle({ name: 'stream-unpublished', payload: { ...about, revision: 7 } });
    expect(roster.find('ann')?.streams).toEqual([]);
  });

  it('says of events about other things that nothing changed', () => {
    expect(roster.handle({ name: 'speakers', payload: { speakers: [] } })).toBe(false);
  });
});
