/** Keeps the screen on while a call is shown, where the browser can; the returned function ends that. */
export function keepAwake(): () => void {
  let ended = false;
  let lock: WakeLockSentinel | undefined;
  const take = async (): Promise<void> => {
    if (ended || document.visibilityState !== 'visible' || !('wakeLock' in navigator)) return;
    // Refused on low battery: the call goes on without.
    lock = await navigator.wakeLock.request('screen').catch(() => undefined);
    if (ended) void lock?.release();
  };
  // The browser drops the lock whenever the page is covered.
  const retake = (): void => void take();
  document.addEventListener('visibilitychange', retake);
  void take();
  return () => {
    ended = true;
    document.removeEventListener('visibilitychange', retake);
    void lock?.release();
  };
}
