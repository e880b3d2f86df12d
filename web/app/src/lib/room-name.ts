/** Short, easy to say on the phone, hard to mistake for each other. */
const kHues =
  'amber coral cobalt copper golden indigo ivory jade olive ruby scarlet silver teal violet'.split(
    ' ',
  );
const kPlaces =
  'bay bridge canyon cove forest garden harbor hill island lagoon meadow orchard river valley'.split(
    ' ',
  );
const kCreatures =
  'badger crane dolphin falcon finch fox heron koala lynx otter panda robin seal wren'.split(' ');

/** A room name that nobody will guess by chance, and that people can read out: `jade-harbor-otter-417`. */
export function randomRoomName(random: () => number = secureRandom): string {
  const pick = (words: readonly string[]): string =>
    words[Math.floor(random() * words.length)] ?? '';
  const number = 100 + Math.floor(random() * 900);
  return [pick(kHues), pick(kPlaces), pick(kCreatures), number].join('-');
}

/** What a user typed, as a room name: a pasted link gives its room, blanks become dashes. */
export function roomNameFrom(text: string, limit = 64): string {
  const pasted = /\/r\/([^/?#]+)/.exec(text)?.[1];
  const name = pasted === undefined ? text : decode(pasted);
  const dashed = name
    .trim()
    .replace(/\s+/gu, '-')
    .replace(/[/?#\\]/gu, '');
  return [...dashed].slice(0, limit).join('');
}

/** Percent-encoding as written in an address; left as it is where it is broken. */
export function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function secureRandom(): number {
  const word = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
  return word / 2 ** 32;
}
