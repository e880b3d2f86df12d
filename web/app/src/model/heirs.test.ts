import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Heirs } from './heirs.js';

describe('after the server was restarted', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const heirs = new Heirs();

  it('somebody of the same name is the one from before, for a while, and only one is', () => {
    heirs.begin(
      new Map([
        ['1', 'Ann'],
        ['2', 'Ben'],
      ]),
    );
    expect(heirs.formerOf('11', 'Ann')).toBe('1');
    expect(heirs.formerOf('11', 'Ann')).toBe('1');
    expect(heirs.formerOf('12', 'Ann')).toBeUndefined();
    vi.advanceTimersByTime(30_000);
    expect(heirs.formerOf('13', 'Ben')).toBeUndefined();
    expect(heirs.formerOf('11', 'Ann')).toBe('1');
  });

  it('a name that two had says nothing', () => {
    heirs.begin(
      new Map([
        ['1', 'Ann'],
        ['2', 'Ann'],
      ]),
    );
    expect(heirs.formerOf('11', 'Ann')).toBeUndefined();
  });
});
