import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Tile, TilePlacing } from '../protocol.js';
import { View } from './view.js';

const tile = (participantId: string, width = 320): Tile => ({ participantId, width, height: 180 });
let sent: Tile[][];
let grown: number[];
let placings: readonly TilePlacing[] | undefined;
let view: View;

beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  grown = [];
  placings = [];
  view = new View(
    {
      sendView: (tiles) => {
        sent.push(tiles);
        return Promise.resolve(placings);
      },
      grow: (seats) => {
        grown.push(seats);
        placings = [];
        return Promise.resolve(true);
      },
    },
    () => undefined,
  );
});

afterEach(() => vi.useRealTimers());

describe('the view', () => {
  it('is sent at once', () => {
    view.declare([tile('a')]);
    expect(sent).toEqual([[tile('a')]]);
  });

  it('is not sent again while it is the same', async () => {
    view.declare([tile('a')]);
    await vi.advanceTimersByTimeAsync(500);
    view.declare([tile('a')]);
    await vi.advanceTimersByTimeAsync(500);
    expect(sent).toHaveLength(1);
  });

  it('is sent ten times a second at most, and the last one always', async () => {
    for (let width = 0; width < 50; ++width) {
      view.declare([tile('a', width)]);
      await vi.advanceTimersByTimeAsync(10);
    }
    await vi.advanceTimersByTimeAsync(500);
    expect(sent.length).toBeLessThanOrEqual(6);
    expect(sent.at(-1)).toEqual([tile('a', 49)]);
  });

  it('is kept for later while there is no call', async () => {
    placings = undefined;
    view.declare([tile('a')]);
    await vi.advanceTimersByTimeAsync(500);
    placings = [];
    view.repeat();
    expect(sent.at(-1)).toEqual([tile('a')]);
  });

  it('asks for seats when there are too few, and is sent again when there are', async () => {
    placings = [{ participantId: 'b', source: 'camera', reason: 'no-seat' }];
    view.declare([tile('a'), tile('b')]);
    await vi.advanceTimersByTimeAsync(500);
    expect(grown).toEqual([2]);
    expect(sent).toHaveLength(2);
  });
});
