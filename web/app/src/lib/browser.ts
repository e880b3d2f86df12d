/** Browsers whose permission settings are in the same place. */
export type BrowserFamily = 'chromium' | 'firefox' | 'safari';

/** Which family a user agent belongs to; for a sentence of help, never for what the page does. */
export function browserFamily(userAgent: string): BrowserFamily {
  if (/firefox|fxios/i.test(userAgent)) return 'firefox';
  if (/safari/i.test(userAgent) && !/chrom|crios|edg/i.test(userAgent)) return 'safari';
  return 'chromium';
}
