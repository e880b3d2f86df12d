import { describe, expect, it } from 'vitest';
import { Signal } from '../signalling/signal.js';
import { FakeServer } from '../testing/fake-server.js';
import { Publications } from './publications.js';

const mid = (source: string): string => `mid-${source}`;

function connected(): { server: FakeServer; signal: Signal } {
  const server = new FakeServer();
  const signal = new Signal(server);
  signal.open();
  return { server, signal };
}

describe('publications', () => {
  it('ask for every difference between wish and knowledge, and for nothing else', async () => {
    const { server, signal } = connected();
    const publications = new Publications();
    publications.adopt([
      { id: '1', kind: 'audio', source: 'microphone', muted: false },
      { id: '2', kind: 'video', source: 'camera', muted: false },
      { id: '3', kind: 'video', source: 'screen', muted: false },
    ]);
    publications.want('microphone', { muted: true });
    publications.want('camera', { muted: false });
    publications.want('screen-audio', { muted: false });
    await publications.sync(signal, mid);
    expect(server.requests).toEqual([
      { event: 'unpublish', payload: { streamId: '3' } },
      { event: 'mute', payload: { streamId: '1', muted: true } },
      {
        event: 'publish',
        payload: { mid: 'mid-screen-audio', source: 'screen-audio', muted: false },
      },
    ]);
  });

  it('end with the last wish, however quickly it changes', async () => {
    const { server, signal } = connected();
    const publications = new Publications();
    publications.want('camera', { muted: false });
    const first = publications.sync(signal, mid);
    publications.want('camera', { muted: true });
    const second = publications.sync(signal, mid);
    publications.want('camera', { muted: false });
    await Promise.all([first, second, publications.sync(signal, mid)]);
    const last = server.requests.at(-1)?.payload;
    expect(last?.['muted']).toBe(false);
  });

  it('reject at a refusal, and try again with the next wish', async () => {
    const { server, signal } = connected();
    const publications = new Publications();
    server.refuseNext('publish', 'too-many-streams');
    publications.want('camera', { muted: false });
    await expect(publications.sync(signal, mid)).rejects.toMatchObject({
      code: 'too-many-streams',
    });
    await publications.sync(signal, mid);
    expect(publications.streamId('camera')).toBe('s1');
  });
});
