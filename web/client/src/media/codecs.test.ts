import { describe, expect, it } from 'vitest';
import { codecPreferences, sameFormat } from './codecs.js';

const codec = (mimeType: string, sdpFmtpLine?: string, clockRate = 90000) => ({
  mimeType,
  clockRate,
  ...(sdpFmtpLine !== undefined && { sdpFmtpLine }),
});
const kH264 = 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f';

describe('codec preferences', () => {
  it("are the server's codecs in its order, with retransmission, and nothing else", () => {
    const own = [
      codec('video/VP9'),
      codec('video/rtx'),
      codec('video/H264', kH264),
      codec('video/VP8'),
      codec('video/ulpfec'),
    ];
    const chosen = codecPreferences([codec('video/VP8'), codec('video/H264', kH264)], own);
    expect(chosen.map(({ mimeType }) => mimeType)).toEqual([
      'video/VP8',
      'video/H264',
      'video/rtx',
    ]);
  });

  it('are empty, not only retransmission, when browser and server share no codec', () => {
    expect(
      codecPreferences([codec('video/AV1')], [codec('video/VP8'), codec('video/rtx')]),
    ).toEqual([]);
  });
});

describe('two formats', () => {
  it.each([
    ['VP8 by any case', codec('video/VP8'), codec('video/vp8'), true],
    ['VP8 and VP9', codec('video/VP8'), codec('video/VP9'), false],
    [
      'VP9 without a profile and profile 0',
      codec('video/VP9'),
      codec('video/VP9', 'profile-id=0'),
      true,
    ],
    ['VP9 of two profiles', codec('video/VP9', 'profile-id=2'), codec('video/VP9'), false],
    [
      'H.264 of two levels',
      codec('video/H264', kH264),
      codec('video/H264', kH264.replace('1f', '28')),
      true,
    ],
    [
      'H.264 of two profiles',
      codec('video/H264', kH264),
      codec('video/H264', kH264.replace('42e0', '4d00')),
      false,
    ],
    [
      'H.264 of two packetization modes',
      codec('video/H264', kH264),
      codec('video/H264', kH264.replace('mode=1', 'mode=0')),
      false,
    ],
    [
      'AV1 of two profiles',
      codec('video/AV1', 'profile=1'),
      codec('video/AV1', 'level-idx=5;profile=0'),
      false,
    ],
    [
      'audio of two clock rates',
      codec('audio/opus', '', 48000),
      codec('audio/opus', '', 16000),
      false,
    ],
  ])('%s: the same is %4$s', (_, a, b, same) => {
    expect(sameFormat(a, b)).toBe(same);
  });
});
