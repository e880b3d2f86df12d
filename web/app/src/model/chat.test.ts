import { describe, expect, it } from 'vitest';
import { Chat } from './chat.js';
import { PreferenceStore } from './preferences.js';

describe('the chat', () => {
  it('shows what one says at once, and marks what could not be sent', async () => {
    const chat = new Chat(() => Promise.reject(new Error('lost')));
    const saying = chat.say('Me', ' Hello ');
    expect(chat.view.value.messages).toMatchObject([{ text: 'Hello', own: true, failed: false }]);
    await saying;
    expect(chat.view.value.messages).toMatchObject([{ failed: true }]);
  });

  it('says nothing when there is nothing to say', async () => {
    const chat = new Chat(() => Promise.resolve());
    await chat.say('Me', '  \n');
    expect(chat.view.value.messages).toEqual([]);
  });

  it('keeps the newest 500 messages', () => {
    const chat = new Chat(() => Promise.resolve());
    for (let i = 0; i < 600; ++i) chat.receive('Ann', String(i), false);
    expect(chat.view.value.messages).toHaveLength(500);
    expect(chat.view.value.messages.at(-1)?.text).toBe('599');
  });
});

describe('preferences', () => {
  const storage = (content: string) => {
    const items = new Map([['visavis', content]]);
    return {
      getItem: (key: string) => items.get(key) ?? null,
      setItem: (key: string, value: string) => void items.set(key, value),
    };
  };

  it('are there again in the next call', () => {
    const disk = storage('{}');
    new PreferenceStore(disk).keep({ name: 'Ada', cameraOff: true });
    expect(new PreferenceStore(disk).value).toMatchObject({ name: 'Ada', cameraOff: true });
  });

  it('start anew where what is stored is not ours', () => {
    for (const content of [
      'nonsense',
      '[]',
      '7',
      'null',
      '{"name": 5, "recentRooms": [1], "other": true}',
    ]) {
      const { value } = new PreferenceStore(storage(content));
      expect(value).toEqual(new PreferenceStore(undefined).value);
    }
  });

  it('do without storage', () => {
    const store = new PreferenceStore({
      getItem: () => {
        throw new Error('forbidden');
      },
      setItem: () => {
        throw new Error('forbidden');
      },
    });
    store.keep({ name: 'Ada' });
    expect(store.value.name).toBe('Ada');
  });

  it('remember the newest rooms, each once', () => {
    const store = new PreferenceStore(undefined);
    for (const room of ['a', 'b', 'a', 'c', 'd', 'e']) store.keepRoom(room);
    expect(store.value.recentRooms).toEqual(['e', 'd', 'c', 'a']);
  });
});
