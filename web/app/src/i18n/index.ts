import { en, type TextKey } from './en.js';
import { zh } from './zh.js';

export type { TextKey };
export type Language = 'en' | 'zh';
export type Values = Readonly<Record<string, string | number>>;
/** A key with or without the ending that says how many. */
export type CountedKey = TextKey extends infer K
  ? K extends `${infer Stem}.other`
    ? Stem
    : never
  : never;
export type Translate = (key: TextKey | CountedKey, values?: Values) => string;

const kCatalogues: Record<Language, Record<TextKey, string>> = { en, zh };

/** The language of the page: the first of the browser's that there is a catalogue for. */
export function chooseLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const language = tag.toLowerCase().split('-')[0];
    if (language === 'en' || language === 'zh') return language;
  }
  return 'en';
}

/** The function that gives a text in a language. */
export function translator(language: Language): Translate {
  const catalogue: Readonly<Record<string, string>> = kCatalogues[language];
  const plural = new Intl.PluralRules(language);
  return (key, values = {}) => {
    const { count } = values;
    const text =
      catalogue[key] ??
      (typeof count === 'number' ? catalogue[`${key}.${plural.select(count)}`] : undefined) ??
      catalogue[`${key}.other`] ??
      key;
    return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
  };
}

/** True if `key` is a text of the catalogue: for keys put together from codes of the server. */
export function hasText(key: string): key is TextKey {
  return key in en;
}
