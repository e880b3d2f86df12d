/**
 * Asks until `condition` gives something true, and returns that; fails by name after `timeoutMs`. A name that is a function is asked
 * for when it fails, so that it can say how far things came.
 */
export async function until(what, condition, timeoutMs = 15_000) {
  const deadline = Date.now() + timeoutMs;
  // Quick answers are seen at once, and slow ones do not keep a core busy.
  for (let wait = 1; ; wait = Math.min(2 * wait, 50)) {
    const result = await condition();
    if (result) return result;
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${typeof what === 'function' ? what() : what}`);
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}
