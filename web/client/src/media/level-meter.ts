/** How often a meter looks: often enough to seem live, rarely enough to cost nothing. */
const kPeriodMs = 60;
/** What a quiet room gives and what a loud voice gives, in dBFS. */
const kFloorDb = -60;
const kCeilingDb = -12;

/**
 * Measures how loud a track is and calls `listener` with 0 (silent) to 1 (loud). The returned function ends it.
 * Does nothing where the browser has no Web Audio or wants a click first.
 */
export function meterLevel(track: MediaStreamTrack, listener: (level: number) => void): () => void {
  if (typeof AudioContext === 'undefined') return () => undefined;
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 512;
  context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  // A page that nobody has clicked on yet gets no running context.
  const resume = (): void => void context.resume();
  const gestures = ['pointerdown', 'keydown'] as const;
  for (const gesture of gestures) addEventListener(gesture, resume, { once: true });
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    listener(track.enabled ? loudness(samples) : 0);
  }, kPeriodMs);
  return () => {
    clearInterval(timer);
    for (const gesture of gestures) removeEventListener(gesture, resume);
    void context.close();
  };
}

/** Root mean square of samples, on a scale from a quiet room (0) to a loud voice (1). */
export function loudness(samples: ArrayLike<number>): number {
  let squares = 0;
  for (let i = 0; i < samples.length; ++i) squares += (samples[i] ?? 0) ** 2;
  const db = 10 * Math.log10(squares / Math.max(1, samples.length) + 1e-12);
  return Math.min(1, Math.max(0, (db - kFloorDb) / (kCeilingDb - kFloorDb)));
}
