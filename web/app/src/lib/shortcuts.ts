export interface Shortcuts {
  /** By the key's character, in lower case. */
  readonly press: Readonly<Record<string, () => void>>;
  /** Called with true while the key is held, with false when it is let go. */
  readonly hold: Readonly<Record<string, (held: boolean) => void>>;
}

/** Keys of the call page. Whoever types text, or holds a modifier, means something else. */
export function listenForShortcuts(target: Window, shortcuts: Shortcuts): () => void {
  const down = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const key = event.key.toLowerCase();
    const hold = shortcuts.hold[key];
    // Space on a button presses that button.
    if (hold && !isButton(event.target)) {
      event.preventDefault();
      if (!event.repeat) hold(true);
    } else if (!event.repeat) shortcuts.press[key]?.();
  };
  const up = (event: KeyboardEvent): void => shortcuts.hold[event.key.toLowerCase()]?.(false);
  target.addEventListener('keydown', down);
  target.addEventListener('keyup', up);
  return () => {
    target.removeEventListener('keydown', down);
    target.removeEventListener('keyup', up);
  };
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && target.closest('input, textarea, select, dialog') !== null
  );
}

function isButton(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('button, a') !== null;
}
