/** What is received or sent of one stream, out of getStats. Rates are since the digest before. */
export interface StreamDigest {
  readonly mid: string;
  readonly kind: 'audio' | 'video';
  readonly bitrateBps: number;
  readonly packetsLost: number;
  readonly jitterMs?: number;
  readonly codec?: string;
  readonly width?: number;
  readonly height?: number;
  readonly framesPerSecond?: number;
  readonly framesDecoded?: number;
  readonly freezeCount?: number;
  readonly keyFrames?: number;
  /** What keeps the encoder below its best: `cpu`, `bandwidth`, `none`, … */
  readonly limitedBy?: string;
}

export interface MediaDigest {
  readonly at: number;
  readonly rttMs?: number;
  readonly localCandidate?: string;
  readonly remoteCandidate?: string;
  readonly receivedBps: number;
  readonly sentBps: number;
  readonly inbound: readonly StreamDigest[];
  readonly outbound: readonly StreamDigest[];
  /** For the rates of the next digest: bytes by the id of the report's entry. */
  readonly bytes: ReadonlyMap<string, number>;
}

type Entry = Record<string, unknown> & { id: string; type: string; timestamp: number };

/** The figures that tell how a call is doing, out of the entries of getStats. */
export function digest(entries: readonly object[], previous?: MediaDigest): MediaDigest {
  const report = new Map((entries as Entry[]).map((entry) => [entry.id, entry]));
  const all = [...report.values()];
  const at = Math.max(0, ...all.map((entry) => entry.timestamp));
  const bytes = new Map<string, number>();
  const seconds = previous ? (at - previous.at) / 1000 : 0;
  const rate = (entry: Entry, key: string): number => {
    const total = number(entry[key]) ?? 0;
    bytes.set(entry.id, total);
    const before = previous?.bytes.get(entry.id);
    return before === undefined || seconds <= 0 ? 0 : Math.max(0, ((total - before) * 8) / seconds);
  };
  const streams = (type: string, key: string): StreamDigest[] =>
    all
      .filter((entry) => entry.type === type)
      .map((entry) => stream(entry, rate(entry, key), report));
  const inbound = streams('inbound-rtp', 'bytesReceived');
  const outbound = streams('outbound-rtp', 'bytesSent');
  return {
    at,
    ...route(all, report),
    inbound,
    outbound,
    receivedBps: sum(inbound),
    sentBps: sum(outbound),
    bytes,
  };
}

function stream(
  entry: Entry,
  bitrateBps: number,
  report: ReadonlyMap<string, Entry>,
): StreamDigest {
  const codec = text(report.get(text(entry['codecId']) ?? '')?.['mimeType']);
  const jitter = number(entry['jitter']);
  return strip({
    mid: text(entry['mid']) ?? '',
    kind: entry['kind'] === 'audio' ? 'audio' : 'video',
    bitrateBps: Math.round(bitrateBps),
    packetsLost: number(entry['packetsLost']) ?? 0,
    jitterMs: jitter === undefined ? undefined : jitter * 1000,
    codec: codec?.split('/')[1],
    width: number(entry['frameWidth']),
    height: number(entry['frameHeight']),
    framesPerSecond: number(entry['framesPerSecond']),
    framesDecoded: number(entry['framesDecoded']),
    freezeCount: number(entry['freezeCount']),
    keyFrames: number(entry['keyFramesDecoded']) ?? number(entry['keyFramesEncoded']),
    limitedBy: text(entry['qualityLimitationReason']),
  });
}

function route(
  all: readonly Entry[],
  report: ReadonlyMap<string, Entry>,
): Pick<MediaDigest, 'rttMs' | 'localCandidate' | 'remoteCandidate'> {
  const pair = all.find(
    (entry) =>
      entry.type === 'candidate-pair' &&
      entry['nominated'] === true &&
      entry['state'] === 'succeeded',
  );
  const rtt = number(pair?.['currentRoundTripTime']);
  return strip({
    rttMs: rtt === undefined ? undefined : rtt * 1000,
    localCandidate: candidate(report.get(text(pair?.['localCandidateId']) ?? '')),
    remoteCandidate: candidate(report.get(text(pair?.['remoteCandidateId']) ?? '')),
  });
}

function candidate(entry: Entry | undefined): string | undefined {
  if (!entry) return undefined;
  const parts = [entry['candidateType'], entry['protocol'], entry['address'], entry['port']];
  return parts.filter((part) => part !== undefined && part !== '').join(' ');
}

const number = (value: unknown): number | undefined =>
  typeof value === 'number' ? value : undefined;
const text = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined;
const sum = (streams: readonly StreamDigest[]): number =>
  streams.reduce((total, { bitrateBps }) => total + bitrateBps, 0);

/** The object without the properties that are undefined. */
function strip<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const known = Object.entries(value).filter(([, property]) => property !== undefined);
  return Object.fromEntries(known) as { [K in keyof T]: Exclude<T[K], undefined> };
}
