import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { en } from './en.js';
import { chooseLanguage, translator } from './index.js';
import { zh } from './zh.js';

const placeholders = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort();

describe('the catalogues', () => {
  it('have the same keys', () => {
    expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort());
  });

  it('fill in the same values', () => {
    for (const [key, text] of Object.entries(en)) {
      expect([key, placeholders(zh[key as keyof typeof en])]).toEqual([key, placeholders(text)]);
    }
  });

  it('have no text that nobody shows', () => {
    const folder = fileURLToPath(new URL('..', import.meta.url));
    const files = readdirSync(folder, { recursive: true }).map(String);
    const sources = files
      .filter((file) => /\.(svelte|ts)$/.test(file) && !file.startsWith('i18n'))
      .map((file) => readFileSync(`${folder}/${file}`, 'utf8'))
      .join();
    // Keys are written out, or put together from a beginning and a code.
    const beginnings = [...sources.matchAll(/`([a-z]+(?:\.[a-z]+)*\.)\$\{/gi)].map(
      ([, text]) => text ?? '',
    );
    const shown = (key: string): boolean =>
      sources.includes(`'${key}'`) ||
      sources.includes(`'${key.replace(/\.(one|other)$/, '')}'`) ||
      beginnings.some((beginning) => key.startsWith(beginning));
    expect(Object.keys(en).filter((key) => !shown(key))).toEqual([]);
  });

  it('have no empty text', () => {
    for (const text of [...Object.values(en), ...Object.values(zh)])
      expect(text.trim()).not.toBe('');
  });
});

describe('a translation', () => {
  it('fills in values', () => {
    expect(translator('en')('notice.joined', { name: 'Ada' })).toBe('Ada joined');
    expect(translator('zh')('notice.joined', { name: 'Ada' })).toBe('Ada 加入了');
  });

  it('chooses by number', () => {
    const t = translator('en');
    expect([t('call.count', { count: 1 }), t('call.count', { count: 4 })]).toEqual([
      '1 person',
      '4 people',
    ]);
    expect(translator('zh')('call.count', { count: 4 })).toBe('4 人');
  });
});

describe('the language of the page', () => {
  it('is the first of the browser that there is', () => {
    expect(chooseLanguage(['fr-FR', 'zh-TW', 'en'])).toBe('zh');
    expect(chooseLanguage(['en-GB', 'zh'])).toBe('en');
  });

  it('is English when there is none', () => {
    expect(chooseLanguage(['fr', 'de'])).toBe('en');
    expect(chooseLanguage([])).toBe('en');
  });
});
