import type { Codec } from '../protocol.js';

/** Retransmission and redundancy formats that go along with the codecs proper. */
const kCompanions: ReadonlySet<string> = new Set(['video/rtx']);

/**
 * What to hand to setCodecPreferences: the server's codecs in its order, as this browser spells them.
 * Everything else would only make the offer longer. Empty if browser and server share no codec.
 */
export function codecPreferences(
  wanted: readonly Codec[],
  capabilities: readonly RTCRtpCodec[],
): RTCRtpCodec[] {
  const chosen = wanted.flatMap((codec) => capabilities.filter((own) => sameFormat(codec, own)));
  if (chosen.length === 0) return [];
  const companions = capabilities.filter((own) => kCompanions.has(own.mimeType.toLowerCase()));
  return [...new Set([...chosen, ...companions])];
}

/** True if a stream of one can be decoded as the other: codec, and the parameters that name its profile. */
export function sameFormat(a: Codec, b: Codec): boolean {
  const name = a.mimeType.toLowerCase();
  if (name !== b.mimeType.toLowerCase() || a.clockRate !== b.clockRate) return false;
  const left = formatParameters(a.sdpFmtpLine);
  const right = formatParameters(b.sdpFmtpLine);
  const same = (key: string, byDefault: string): boolean =>
    (left.get(key) ?? byDefault) === (right.get(key) ?? byDefault);
  switch (name) {
    case 'video/h264':
      return same('packetization-mode', '0') && h264Profile(left) === h264Profile(right);
    case 'video/vp9':
      return same('profile-id', '0');
    case 'video/av1':
      return same('profile', '0');
    default:
      return true;
  }
}

/** RFC 6184 §8.1: profile_idc and the constraint flags; the level may differ between the two ends. */
function h264Profile(parameters: ReadonlyMap<string, string>): string {
  return (parameters.get('profile-level-id') ?? '42000a').slice(0, 4).toLowerCase();
}

function formatParameters(line: string | undefined): Map<string, string> {
  const pairs = (line ?? '').split(';').map((pair) => pair.trim().split('='));
  return new Map(pairs.map(([key, value]) => [(key ?? '').toLowerCase(), value ?? '']));
}
