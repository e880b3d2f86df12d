import { describe, expect, it } from 'vitest';
import { initials, tintOf } from './avatar.js';
import { browserFamily } from './browser.js';
import { randomRoomName, roomNameFrom } from './room-name.js';
import { roomPath, routeOf } from './route.js';
import { Store } from './store.js';

const route = (address: string) => routeOf(new URL(address, 'https://call.example'));

describe('a route', () => {
  it('is the lobby, or a room', () => {
    expect(route('/')).toEqual({ page: 'lobby' });
    expect(route('/r/den')).toEqual({ page: 'room', room: 'den', name: '', joinAtOnce: false });
  });

  it('can bring a name and join at once', () => {
    expect(route('/r/den?name=Ada%20L&join=1')).toMatchObject({ name: 'Ada L', joinAtOnce: true });
  });

  it('survives every room name, and broken encoding', () => {
    for (const room of ['den', '会议室', 'a&b=c', '100%']) {
      expect(route(roomPath(room))).toMatchObject({ room });
    }
    expect(route('/r/100%')).toMatchObject({ page: 'room' });
    expect(route('/r/')).toEqual({ page: 'lobby' });
  });
});

describe('a room name', () => {
  it('is readable and made of four parts', () => {
    expect(randomRoomName(Math.random)).toMatch(/^[a-z]+-[a-z]+-[a-z]+-\d{3}$/);
    expect(randomRoomName(() => 0)).toBe('amber-bay-badger-100');
    expect(randomRoomName(() => 0.9999)).toBe('violet-valley-wren-999');
  });

  it('is found in a pasted link', () => {
    expect(roomNameFrom('https://call.example/r/den?name=x')).toBe('den');
    expect(roomNameFrom(' weekly standup ')).toBe('weekly-standup');
    expect(roomNameFrom('a/b?c#d')).toBe('abcd');
    expect([...roomNameFrom('🦦'.repeat(80))]).toHaveLength(64);
  });
});

describe('an avatar', () => {
  it.each([
    ['Ada Lovelace', 'AL'],
    ['Émilie du Châtelet', 'ÉC'],
    ['李明', '李'],
    ['🦦 otter', '🦦O'],
    ['  ', '?'],
  ])('of %s has the letters %s', (name, letters) => expect(initials(name)).toBe(letters));

  it('keeps its tint', () => {
    expect(tintOf('Ada')).toBe(tintOf('Ada'));
    expect(tintOf('Ada')).toBeLessThan(6);
  });
});

describe('the browser family', () => {
  it.each([
    ['Mozilla/5.0 (X11) Gecko/20100101 Firefox/140.0', 'firefox'],
    ['Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15', 'safari'],
    ['Mozilla/5.0 (X11) AppleWebKit/537.36 Chrome/140.0 Safari/537.36', 'chromium'],
  ])('of %s is %s', (agent, family) => expect(browserFamily(agent)).toBe(family));
});

describe('a store', () => {
  it('tells its value at once and after each change, until it is told to stop', () => {
    const store = new Store(1);
    const seen: number[] = [];
    const stop = store.subscribe((value) => seen.push(value));
    store.set(2);
    store.set(2);
    store.update((value) => value + 1);
    stop();
    store.set(9);
    expect(seen).toEqual([1, 2, 3]);
  });
});
