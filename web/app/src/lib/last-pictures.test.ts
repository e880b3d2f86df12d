import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { lastPictures } from './last-pictures.js';

const video = (videoWidth: number, videoHeight: number) =>
  ({ videoWidth, videoHeight }) as HTMLVideoElement;

describe('the last picture of a tile', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    const drawImage = (): void => undefined;
    vi.stubGlobal('document', { createElement: () => ({ getContext: () => ({ drawImage }) }) });
  });
  afterEach(() => {
    vi.runAllTimers();
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  it('is kept small, in the shape of the video', () => {
    lastPictures.keep('ann', video(1280, 720));
    expect(lastPictures.find('ann')).toMatchObject({ width: 480, height: 270 });
    lastPictures.keep('ben', video(160, 120));
    expect(lastPictures.find('ben')).toMatchObject({ width: 160, height: 120 });
  });

  it('is none where no picture has come', () => {
    lastPictures.keep('ann', video(0, 0));
    expect(lastPictures.find('ann')).toBeUndefined();
  });

  it('goes by itself after 20 seconds, whoever asks or does not', () => {
    lastPictures.keep('ann', video(640, 480));
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(19_999);
    expect(lastPictures.find('ann')).toBeDefined();
    vi.advanceTimersByTime(1);
    expect(vi.getTimerCount()).toBe(0);
    expect(lastPictures.find('ann')).toBeUndefined();
  });

  it('has 20 seconds of its own when it replaces another', () => {
    lastPictures.keep('ann', video(640, 480));
    vi.advanceTimersByTime(15_000);
    lastPictures.keep('ann', video(320, 240));
    vi.advanceTimersByTime(15_000);
    expect(lastPictures.find('ann')).toMatchObject({ width: 320 });
    vi.advanceTimersByTime(5_000);
    expect(lastPictures.find('ann')).toBeUndefined();
  });

  it('goes at once when the present is there', () => {
    lastPictures.keep('ann', video(640, 480));
    lastPictures.forget('ann');
    expect(lastPictures.find('ann')).toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
  });
});
