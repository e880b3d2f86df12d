import { Store } from '../lib/store.js';
import type { TextKey } from '../i18n/en.js';

export interface Notice {
  readonly id: number;
  readonly tone: 'info' | 'problem';
  readonly text: TextKey;
  readonly values: Readonly<Record<string, string | number>>;
}

const kShownMs = 4500;
/** A problem may need reading twice. */
const kProblemShownMs = 9000;
const kAtOnce = 3;

/** Short messages that come and go by themselves, and are read out to whoever cannot see them. */
export class Notices {
  readonly list = new Store<readonly Notice[]>([]);
  private nextId = 1;

  tell(text: TextKey, values: Notice['values'] = {}): void {
    this.add('info', text, values);
  }

  warn(text: TextKey, values: Notice['values'] = {}): void {
    this.add('problem', text, values);
  }

  /** Takes back what has been seen elsewhere. */
  dismissAll(text: TextKey): void {
    this.list.update((list) => list.filter((notice) => notice.text !== text));
  }

  dismiss(id: number): void {
    this.list.update((list) => list.filter((notice) => notice.id !== id));
  }

  private add(tone: Notice['tone'], text: TextKey, values: Notice['values']): void {
    const notice = { id: this.nextId++, tone, text, values };
    this.list.update((list) => [...list, notice].slice(-kAtOnce));
    setTimeout(() => this.dismiss(notice.id), tone === 'info' ? kShownMs : kProblemShownMs);
  }
}
