/** What is remembered on this computer for the next call. */
export interface Preferences {
  readonly name: string;
  readonly microphoneId: string;
  readonly cameraId: string;
  readonly speakerId: string;
  readonly microphoneOff: boolean;
  readonly cameraOff: boolean;
  readonly recentRooms: readonly string[];
}

const kKey = 'visavis';
const kRecentRooms = 4;

const kDefaults: Preferences = {
  name: '',
  microphoneId: '',
  cameraId: '',
  speakerId: '',
  microphoneOff: false,
  cameraOff: false,
  recentRooms: [],
};

/** Reads and keeps preferences; does without where the browser allows no storage. */
export class PreferenceStore {
  private current: Preferences;

  constructor(private readonly storage: Pick<Storage, 'getItem' | 'setItem'> | undefined) {
    this.current = this.load();
  }

  get value(): Preferences {
    return this.current;
  }

  keep(changes: Partial<Preferences>): void {
    this.current = { ...this.current, ...changes };
    try {
      this.storage?.setItem(kKey, JSON.stringify(this.current));
    } catch {
      // Full or forbidden: the next call starts from the defaults.
    }
  }

  keepRoom(room: string): void {
    const others = this.current.recentRooms.filter((other) => other !== room);
    this.keep({ recentRooms: [room, ...others].slice(0, kRecentRooms) });
  }

  private load(): Preferences {
    try {
      const stored: unknown = JSON.parse(this.storage?.getItem(kKey) ?? '{}');
      return { ...kDefaults, ...known(stored) };
    } catch {
      return kDefaults;
    }
  }
}

/** Only the properties that are ours and of the right type: another version may have written them. */
function known(stored: unknown): Partial<Preferences> {
  if (typeof stored !== 'object' || stored === null) return {};
  const pairs = Object.entries(stored).filter(([key, value]) => {
    const standard = kDefaults[key as keyof Preferences] as unknown;
    if (Array.isArray(standard))
      return Array.isArray(value) && value.every((one) => typeof one === 'string');
    return standard !== undefined && typeof standard === typeof value;
  });
  return Object.fromEntries(pairs);
}

/** The browser's storage, where it lets us have it. */
export function browserStorage(): Storage | undefined {
  try {
    return window.localStorage;
  } catch {
    return undefined;
  }
}
