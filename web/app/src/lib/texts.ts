import { getContext, setContext } from 'svelte';
import type { Translate } from '../i18n/index.js';

const kTexts = Symbol('texts');

export function provideTexts(translate: Translate): void {
  setContext(kTexts, translate);
}

/** The function that gives the page's texts; for components. */
export function useTexts(): Translate {
  return getContext<Translate>(kTexts);
}
