import type { CallClient, CallState, Tile } from '@visavis/client';
import { layoutStage, type Size, type Stage } from '../layout/stage-layout.js';
import { Store } from '../lib/store.js';
import { Banner } from './banner.js';
import { Chat } from './chat.js';
import { Heirs } from './heirs.js';
import type { LocalMedia } from './local-media.js';
import { Notices } from './notices.js';
import type { PreferenceStore } from './preferences.js';
import { SpeakerFocus } from './speaker-focus.js';
import { peopleOf, tileKey, tilesOf, type PersonView, type TileView } from './tiles.js';

/** What of the SDK's client a call page uses; the gallery and tests stand in for it. */
export type CallPort = Pick<
  CallClient,
  | 'on'
  | 'state'
  | 'selfId'
  | 'participants'
  | 'receptions'
  | 'placings'
  | 'connect'
  | 'prepare'
  | 'join'
  | 'leave'
  | 'publish'
  | 'unpublish'
  | 'setMuted'
  | 'view'
  | 'message'
  | 'handleNetworkChange'
>;

export type Phase = 'prejoin' | 'joining' | 'call' | 'left';
export type LayoutMode = 'grid' | 'speaker';
export type Panel = 'chat' | 'people';

export const kSelfKey = 'self';

export interface CallView {
  readonly phase: Phase;
  readonly name: string;
  readonly tiles: readonly TileView[];
  readonly people: readonly PersonView[];
  readonly stage: Stage;
  readonly mode: LayoutMode;
  readonly pinned: string | undefined;
  readonly large: string | undefined;
  readonly selfSpeaking: boolean;
  readonly panel: Panel | undefined;
  /** The server cannot be reached, before the call. */
  readonly unreachable: boolean;
  /** Why joining was refused: a code of the protocol. */
  readonly joinError: string | undefined;
  readonly ended: CallState['ended'];
}

export interface CallModelOptions {
  readonly room: string;
  readonly client: CallPort;
  readonly media: LocalMedia;
  readonly preferences: PreferenceStore;
  readonly pixelRatio?: () => number;
}

/** Pictures of a page that nobody sees cost both ends for nothing, but a glance elsewhere is short. */
const kHiddenMs = 10_000;

/** The call as its page shows it. Components read `view` and call the methods; all decisions are here. */
export class CallModel {
  readonly view: Store<CallView>;
  readonly notices = new Notices();
  readonly banner: Banner;
  readonly chat: Chat;
  private readonly focus = new SpeakerFocus(() => this.refresh());
  private readonly stops: (() => void)[] = [];
  private size: Size = { width: 0, height: 0 };
  private speakers: readonly string[] = [];
  private readonly heirs = new Heirs();
  private known = new Map<string, string>();
  private knownAs = '';
  private declared = '';
  private hidden = false;
  private hiding: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly options: CallModelOptions) {
    const { client, preferences } = options;
    this.banner = new Banner(() => this.notices.tell('notice.recovered'));
    this.chat = new Chat((text) => client.message(text));
    this.view = new Store<CallView>({
      phase: 'prejoin',
      name: preferences.value.name,
      tiles: [],
      people: [],
      stage: { rects: new Map(), hidden: [] },
      mode: 'grid',
      pinned: undefined,
      large: undefined,
      selfSpeaking: false,
      panel: undefined,
      unreachable: false,
      joinError: undefined,
      ended: undefined,
    });
    this.watchClient(client);
    this.watchDevices(options.media);
  }

  get preferences(): PreferenceStore {
    return this.options.preferences;
  }

  get room(): string {
    return this.options.room;
  }

  /** Connects while the user looks at the preview, so that joining takes one exchange. */
  start(): void {
    this.options.client.connect();
    this.prepare();
  }

  /** To be called when the user seems about to join; does nothing while a prepared connection is fresh. */
  prepare(): void {
    if (this.view.value.phase === 'prejoin') this.options.client.prepare(this.room);
  }

  setName(name: string): void {
    this.change({ name });
  }

  async join(): Promise<void> {
    const name = this.view.value.name.trim();
    if (name === '' || this.view.value.phase === 'joining' || this.view.value.phase === 'call')
      return;
    performance.mark('visavis-join-click');
    this.options.preferences.keep({ name });
    this.change({ phase: 'joining', joinError: undefined, ended: undefined });
    try {
      await this.options.client.join({ room: this.room, name });
      this.options.preferences.keepRoom(this.room);
    } catch (thrown) {
      const code = (thrown as { code?: string }).code ?? 'internal';
      if (code !== 'left') this.change({ phase: 'prejoin', joinError: code });
    }
  }

  leave(): void {
    this.options.client.leave();
  }

  /** Back to the preview, after the call. */
  comeBack(): void {
    this.change({ phase: 'prejoin', ended: undefined, joinError: undefined });
    this.start();
  }

  /** The room that the stage has on the page, in CSS pixels. */
  setStageSize(size: Size): void {
    if (size.width === this.size.width && size.height === this.size.height) return;
    this.size = size;
    this.refresh();
  }

  /** Shows a tile large, or no longer. */
  togglePin(key: string): void {
    this.change({ pinned: this.view.value.pinned === key ? undefined : key });
    this.refresh();
  }

  unpin(): void {
    this.change({ pinned: undefined });
    this.refresh();
  }

  setMode(mode: LayoutMode): void {
    this.change({ mode, pinned: undefined });
    this.refresh();
  }

  togglePanel(panel: Panel): void {
    const open = this.view.value.panel === panel ? undefined : panel;
    this.change({ panel: open });
    this.chat.setOpen(open === 'chat');
    if (open === 'chat') this.notices.dismissAll('notice.message');
  }

  say(text: string): void {
    void this.chat.say(this.view.value.name, text);
  }

  /** The page was covered or uncovered. */
  setHidden(hidden: boolean): void {
    clearTimeout(this.hiding);
    if (!hidden) this.applyHidden(false);
    else this.hiding = setTimeout(() => this.applyHidden(true), kHiddenMs);
  }

  stop(): void {
    clearTimeout(this.hiding);
    for (const stop of this.stops) stop();
    this.focus.stop();
    this.banner.stop();
    this.options.client.leave();
    this.options.media.stop();
  }

  private watchClient(client: CallPort): void {
    this.stops.push(
      client.on('state', (state) => this.handleState(state)),
      client.on('participants', () => this.handleParticipants()),
      client.on('receptions', () => this.refresh()),
      client.on('placings', () => this.refresh()),
      client.on('speakers', (speakers) => this.handleSpeakers(speakers)),
      client.on('trouble', () => this.notices.warn('notice.trouble')),
      client.on('message', (message) => {
        const from = this.known.get(message.from) ?? '';
        if (message.text === undefined) return;
        this.chat.receive(from, message.text, message.private);
        if (this.view.value.panel !== 'chat') {
          this.notices.tell('notice.message', { name: from, text: message.text });
        }
      }),
    );
  }

  /** During the call a device that fails is told in passing; before it, the preview says more. */
  private watchDevices(media: LocalMedia): void {
    const told = new Map<string, string | undefined>();
    const tell = (): void => {
      if (this.view.value.phase !== 'call') return;
      for (const device of ['microphone', 'camera', 'screen'] as const) {
        const { error } = media.view.value[device];
        if (error === told.get(device)) continue;
        told.set(device, error);
        if (error && error !== 'cancelled') this.notices.warn(`notice.problem.${device}`);
      }
    };
    this.stops.push(media.view.subscribe(tell), this.view.subscribe(tell));
  }

  private handleState({ status, interruption, ended }: CallState): void {
    this.change({ unreachable: interruption !== undefined && status !== 'joined' });
    if (status === 'joined' && this.view.value.phase !== 'call') {
      performance.mark('visavis-joined');
      this.rememberNames();
      this.change({ phase: 'call' });
    }
    if (status === 'joined') this.banner.handle(interruption);
    if (status === 'left') this.handleLeft(ended);
    this.refresh();
  }

  private handleLeft(ended: CallState['ended']): void {
    this.banner.stop();
    this.focus.stop();
    this.speakers = [];
    this.declared = '';
    this.known.clear();
    this.change({ phase: 'left', ended, pinned: undefined, panel: undefined });
  }

  private handleParticipants(): void {
    const names = this.names();
    // Joined anew (the server was restarted): everybody has another id, and nobody came or went.
    if (this.view.value.phase === 'call' && this.knownAs === this.options.client.selfId) {
      for (const [id, name] of names) {
        if (!this.known.has(id)) this.notices.tell('notice.joined', { name });
      }
      for (const [id, name] of this.known) {
        if (names.has(id)) continue;
        this.notices.tell('notice.left', { name });
        this.focus.handleLeft(id);
      }
    }
    if (this.view.value.phase === 'call' && this.knownAs !== this.options.client.selfId) {
      this.heirs.begin(this.known);
    }
    this.rememberNames();
    this.refresh();
  }

  private handleSpeakers(speakers: readonly string[]): void {
    this.speakers = speakers;
    this.focus.handleSpeakers(speakers.filter((id) => id !== this.options.client.selfId));
    this.refresh();
  }

  private rememberNames(): void {
    this.known = this.names();
    this.knownAs = this.options.client.selfId;
  }

  private names(): Map<string, string> {
    return new Map(this.options.client.participants.map(({ id, name }) => [id, name]));
  }

  private applyHidden(hidden: boolean): void {
    if (this.hidden === hidden) return;
    this.hidden = hidden;
    this.declareView();
  }

  /** Works the picture out anew: cheap, and nothing can be forgotten. */
  private refresh(): void {
    const { client } = this.options;
    const picture = {
      participants: client.participants,
      receptions: client.receptions,
      placings: client.placings,
      speakers: this.speakers,
      formerOf: ({ id, name }: { id: string; name: string }) => this.heirs.formerOf(id, name),
    };
    const tiles = tilesOf(picture);
    const large = this.largeOf(tiles);
    const keys = inOrder(tiles, large);
    this.change({
      tiles,
      people: peopleOf(picture),
      large,
      stage: layoutStage({ ...this.size, tiles: keys, large, self: kSelfKey }),
      selfSpeaking: this.speakers.includes(client.selfId),
    });
    this.declareView();
  }

  /** Whom to show large: the pinned one, a shared screen, or who speaks. */
  private largeOf(tiles: readonly TileView[]): string | undefined {
    const { pinned, mode } = this.view.value;
    const has = (key: string | undefined): boolean => tiles.some((tile) => tile.key === key);
    if (has(pinned)) return pinned;
    const screen = tiles.find((tile) => tile.source === 'screen');
    if (screen) return screen.key;
    if (mode !== 'speaker') return undefined;
    const { participantId } = this.focus;
    const speaking = participantId === undefined ? undefined : tileKey(participantId, 'camera');
    return has(speaking) ? speaking : tiles[0]?.key;
  }

  private declareView(): void {
    const { tiles, stage, pinned } = this.view.value;
    const ratio = this.hidden ? 0 : (this.options.pixelRatio?.() ?? 1);
    const declared = tiles.flatMap((tile): Tile[] => {
      const rect = stage.rects.get(tile.key);
      if (!rect) return [];
      return [
        {
          participantId: tile.participantId,
          ...(tile.source === 'screen' && { source: 'screen' }),
          width: Math.round(rect.width * ratio),
          height: Math.round(rect.height * ratio),
          ...(rect.place === 'large' && { priority: 1 }),
          ...(tile.key === pinned && { pinned: true }),
        },
      ];
    });
    const text = JSON.stringify(declared);
    if (text === this.declared) return;
    this.declared = text;
    this.options.client.view(declared);
  }

  private change(changes: Partial<CallView>): void {
    this.view.update((view) => ({ ...view, ...changes }));
  }
}

/** In a crowd the large tile comes first, then those with something to show. */
function inOrder(tiles: readonly TileView[], large: string | undefined): string[] {
  const rank = (tile: TileView): number => {
    if (tile.key === large) return 0;
    return tile.source === 'screen' ? 1 : 2;
  };
  return [...tiles].sort((a, b) => rank(a) - rank(b)).map((tile) => tile.key);
}
