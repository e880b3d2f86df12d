/** Where a tile goes: in the grid, large, in the strip beside the large one, or as a small picture over it. */
export type Place = 'grid' | 'large' | 'strip' | 'inset';

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly place: Place;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface StageRequest extends Size {
  /** Keys of the others' tiles, in order. */
  readonly tiles: readonly string[];
  /** The tile to show large; undefined: all alike. */
  readonly large?: string | undefined;
  readonly self: string;
}

export interface Stage {
  readonly rects: ReadonlyMap<string, Rect>;
  /** Tiles for which there was no room. */
  readonly hidden: readonly string[];
}

const kGap = 12;
/** Faces stay recognisable down to here. */
const kSmallestWidth = 148;
/** How narrow a camera's picture may be cropped: on a phone held upright, and elsewhere. */
const kNarrowestUpright = 9 / 16;
const kNarrowest = 4 / 3;
const kWidest = 16 / 9;
/** Below this the page is a phone, held upright. */
const kPhoneWidth = 560;

/** Places all tiles on a stage of a given size. Pure: the same request gives the same places. */
export function layoutStage(request: StageRequest): Stage {
  const { tiles, large, self } = request;
  if (request.width <= 0 || request.height <= 0) return { rects: new Map(), hidden: tiles };
  if (tiles.length === 0) return { rects: new Map([[self, whole(request, 'large')]]), hidden: [] };
  if (large !== undefined) return withLarge(request, large);
  if (tiles.length === 1) return withLarge({ ...request, tiles: [] }, tiles[0] ?? '');
  return grid(request);
}

function grid(request: StageRequest): Stage {
  const area = { width: request.width, height: request.height };
  const all = [...request.tiles, request.self];
  const capacity = Math.max(2, gridCapacity(area));
  const shown =
    all.length <= capacity ? all : [...request.tiles.slice(0, capacity - 1), request.self];
  const rects = fillGrid(shown.length, area);
  return {
    rects: new Map(shown.map((key, index) => [key, rects[index] ?? whole(request, 'grid')])),
    hidden: request.tiles.filter((key) => !shown.includes(key)),
  };
}

/** How many tiles of the smallest size have room. */
function gridCapacity({ width, height }: Size): number {
  const columns = Math.floor((width + kGap) / (kSmallestWidth + kGap));
  const rows = Math.floor((height + kGap) / (kSmallestWidth / kWidest + kGap));
  return Math.max(1, columns) * Math.max(1, rows);
}

/** The grid of `count` equal tiles that leaves least of the area empty; a short last row is centred. */
export function fillGrid(count: number, area: Size): Rect[] {
  let best = { columns: 1, rows: count, width: 0, height: 0 };
  for (let columns = 1; columns <= count; ++columns) {
    const rows = Math.ceil(count / columns);
    const cell = {
      width: (area.width - kGap * (columns - 1)) / columns,
      height: (area.height - kGap * (rows - 1)) / rows,
    };
    const tile = fitTile(cell, area.height > area.width ? kNarrowestUpright : kNarrowest);
    if (tile.width * tile.height > best.width * best.height) best = { columns, rows, ...tile };
  }
  const { columns, rows, width, height } = best;
  const top = (area.height - rows * height - (rows - 1) * kGap) / 2;
  return Array.from({ length: count }, (_, index) => {
    const row = Math.floor(index / columns);
    const inRow = Math.min(columns, count - row * columns);
    const left = (area.width - inRow * width - (inRow - 1) * kGap) / 2;
    return rect('grid', {
      x: left + (index % columns) * (width + kGap),
      y: top + row * (height + kGap),
      width,
      height,
    });
  });
}

/** The largest tile in a cell whose shape a camera picture can be cropped to. */
function fitTile({ width, height }: Size, narrowest: number): Size {
  if (width <= 0 || height <= 0) return { width: 0, height: 0 };
  if (width / height > kWidest) return { width: height * kWidest, height };
  if (width / height < narrowest) return { width, height: width / narrowest };
  return { width, height };
}

function withLarge(request: StageRequest, large: string): Stage {
  const others = request.tiles.filter((key) => key !== large);
  if (others.length === 0) {
    const rects = new Map([
      [large, whole(request, 'large')],
      [request.self, inset(request)],
    ]);
    return { rects, hidden: [] };
  }
  return request.width >= request.height ? stripBeside(request, large) : stripBelow(request, large);
}

function stripBeside(request: StageRequest, large: string): Stage {
  const width = Math.round(Math.min(232, Math.max(kSmallestWidth, request.width * 0.18)));
  const height = Math.round(width / kWidest);
  const room = Math.max(1, Math.floor((request.height + kGap) / (height + kGap)));
  return strip(request, large, {
    room,
    large: { x: 0, y: 0, width: request.width - width - kGap, height: request.height },
    at: (index, count) => ({
      x: request.width - width,
      y: (request.height - count * height - (count - 1) * kGap) / 2 + index * (height + kGap),
      width,
      height,
    }),
  });
}

function stripBelow(request: StageRequest, large: string): Stage {
  const width = Math.round(Math.min(kSmallestWidth, (request.width - 2 * kGap) / 3));
  const height = Math.round(width / (4 / 3));
  const room = Math.max(1, Math.floor((request.width + kGap) / (width + kGap)));
  return strip(request, large, {
    room,
    large: { x: 0, y: 0, width: request.width, height: request.height - height - kGap },
    at: (index, count) => ({
      x: (request.width - count * width - (count - 1) * kGap) / 2 + index * (width + kGap),
      y: request.height - height,
      width,
      height,
    }),
  });
}

type Box = Omit<Rect, 'place'>;

function strip(
  request: StageRequest,
  large: string,
  places: { room: number; large: Box; at: (index: number, count: number) => Box },
): Stage {
  const others = request.tiles.filter((key) => key !== large);
  const shown = [...others.slice(0, places.room - 1), request.self];
  const rects = new Map<string, Rect>([[large, rect('large', places.large)]]);
  shown.forEach((key, index) => rects.set(key, rect('strip', places.at(index, shown.length))));
  return { rects, hidden: others.filter((key) => !shown.includes(key)) };
}

function inset(area: Size): Rect {
  const phone = area.width < kPhoneWidth;
  const width = Math.round(phone ? 104 : Math.min(240, Math.max(168, area.width * 0.18)));
  const height = Math.round(phone ? width / kNarrowestUpright : width / kWidest);
  return rect('inset', {
    x: area.width - width - kGap,
    y: area.height - height - kGap,
    width,
    height,
  });
}

const whole = ({ width, height }: Size, place: Place): Rect =>
  rect(place, { x: 0, y: 0, width, height });

/** Whole pixels: text and borders on fractions look blurred. */
function rect(place: Place, { x, y, width, height }: Box): Rect {
  return {
    place,
    x: Math.round(x),
    y: Math.round(y),
    width: Math.floor(width),
    height: Math.floor(height),
  };
}
