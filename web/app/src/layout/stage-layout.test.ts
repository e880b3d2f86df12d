import { describe, expect, it } from 'vitest';
import { fillGrid, layoutStage, type Rect } from './stage-layout.js';

const kDesktop = { width: 1280, height: 680 };
const kPhone = { width: 390, height: 640 };

function overlaps(a: Rect, b: Rect): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

describe('the stage', () => {
  it('gives the whole of itself to somebody who is alone', () => {
    const { rects } = layoutStage({ ...kDesktop, tiles: [], self: 'me' });
    expect(rects.get('me')).toEqual({ x: 0, y: 0, width: 1280, height: 680, place: 'large' });
  });

  it('shows the one other person large and oneself as an inset', () => {
    const { rects } = layoutStage({ ...kDesktop, tiles: ['ann'], self: 'me' });
    expect(rects.get('ann')?.place).toBe('large');
    expect(rects.get('me')?.place).toBe('inset');
  });

  it('shows everybody alike when there are more', () => {
    const { rects } = layoutStage({ ...kDesktop, tiles: ['ann', 'ben', 'cleo'], self: 'me' });
    expect([...rects.values()].map(({ place }) => place)).toEqual(['grid', 'grid', 'grid', 'grid']);
    expect(new Set([...rects.values()].map(({ width }) => width)).size).toBe(1);
  });

  it('puts the others into a strip when one is shown large', () => {
    const { rects } = layoutStage({ ...kDesktop, tiles: ['ann', 'ben'], large: 'ben', self: 'me' });
    expect(rects.get('ben')?.place).toBe('large');
    expect(rects.get('ann')?.place).toBe('strip');
    expect(rects.get('me')?.place).toBe('strip');
  });

  it('hides what has no room, but never oneself', () => {
    const tiles = Array.from({ length: 90 }, (_, index) => `p${index}`);
    for (const large of [undefined, 'p7']) {
      const { rects, hidden } = layoutStage({ ...kPhone, tiles, large, self: 'me' });
      expect(hidden.length).toBeGreaterThan(0);
      expect(rects.has('me')).toBe(true);
      expect(rects.size + hidden.length).toBe(91);
    }
  });

  it('places nothing on a stage without a size', () => {
    expect(layoutStage({ width: 0, height: 0, tiles: ['ann'], self: 'me' }).rects.size).toBe(0);
  });
});

describe('a grid', () => {
  it.each([1, 2, 3, 4, 5, 7, 9, 12, 25, 49])(
    'of %i keeps tiles apart and on the stage',
    (count) => {
      for (const area of [kDesktop, kPhone]) {
        const rects = fillGrid(count, area);
        expect(rects).toHaveLength(count);
        rects.forEach((one, index) => {
          expect(one.x).toBeGreaterThanOrEqual(0);
          expect(one.y).toBeGreaterThanOrEqual(0);
          expect(one.x + one.width).toBeLessThanOrEqual(area.width + 1);
          expect(one.y + one.height).toBeLessThanOrEqual(area.height + 1);
          for (const other of rects.slice(index + 1)) expect(overlaps(one, other)).toBe(false);
        });
      }
    },
  );

  it('of two goes side by side on a screen and one above the other on a phone', () => {
    const [left, right] = fillGrid(2, kDesktop);
    expect(left?.y).toBe(right?.y);
    const [upper, lower] = fillGrid(2, kPhone);
    expect(upper?.x).toBe(lower?.x);
  });
});
