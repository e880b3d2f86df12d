import { Store } from '../lib/store.js';

export interface ChatMessage {
  readonly id: number;
  readonly from: string;
  readonly own: boolean;
  readonly text: string;
  readonly private: boolean;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly failed: boolean;
}

export interface ChatView {
  readonly messages: readonly ChatMessage[];
  readonly unread: number;
}

/** A long call must not fill the browser's memory. */
const kMessagesKept = 500;

/** The messages of a call, as far as this page has seen them. */
export class Chat {
  readonly view = new Store<ChatView>({ messages: [], unread: 0 });
  private nextId = 1;
  private open = false;

  constructor(private readonly send: (text: string) => Promise<void>) {}

  setOpen(open: boolean): void {
    this.open = open;
    if (open) this.view.update((view) => ({ ...view, unread: 0 }));
  }

  receive(from: string, text: string, isPrivate: boolean): void {
    this.add({ from, own: false, text, private: isPrivate });
    if (!this.open) this.view.update((view) => ({ ...view, unread: view.unread + 1 }));
  }

  /** Shows the message at once, and marks it when it could not be sent. */
  async say(from: string, text: string): Promise<void> {
    const trimmed = text.trim();
    if (trimmed === '') return;
    const id = this.add({ from, own: true, text: trimmed, private: false });
    try {
      await this.send(trimmed);
    } catch {
      this.view.update((view) => ({
        ...view,
        messages: view.messages.map((one) => (one.id === id ? { ...one, failed: true } : one)),
      }));
    }
  }

  private add(message: Pick<ChatMessage, 'from' | 'own' | 'text' | 'private'>): number {
    const id = this.nextId++;
    const complete = { ...message, id, at: Date.now(), failed: false };
    this.view.update((view) => ({
      ...view,
      messages: [...view.messages, complete].slice(-kMessagesKept),
    }));
    return id;
  }
}
