import { describe, expect, it } from 'vitest';
import { withStartBitrate } from './start-bitrate.js';

const kVideo = [
  'm=video 9 UDP/TLS/RTP/SAVPF 96 97 102',
  'a=mid:1',
  'a=recvonly',
  'a=rtpmap:96 VP8/90000',
  'a=rtpmap:97 rtx/90000',
  'a=fmtp:97 apt=96',
  'a=rtpmap:102 H264/90000',
  'a=fmtp:102 packetization-mode=1',
  '',
];
const answer = (video: string[]): string =>
  ['v=0', 'm=audio 9 UDP/TLS/RTP/SAVPF 111', 'a=recvonly', ...video].join('\r\n');

describe('the start bitrate', () => {
  it('is there for each codec of the video lines that are sent, and only for codecs', () => {
    expect(withStartBitrate(answer(kVideo))).toBe(
      answer([
        ...kVideo.slice(0, 4),
        'a=fmtp:96 x-google-start-bitrate=1000',
        'a=rtpmap:97 rtx/90000',
        'a=fmtp:97 apt=96',
        'a=rtpmap:102 H264/90000',
        'a=fmtp:102 packetization-mode=1;x-google-start-bitrate=1000',
        '',
      ]),
    );
  });

  it('is not there on the slots', () => {
    const slots = answer(kVideo.map((line) => line.replace('recvonly', 'sendonly')));
    expect(withStartBitrate(slots)).toBe(slots);
  });

  it('leaves what is not SDP alone', () => {
    for (const text of ['', 'answer 1', 'm=video']) expect(withStartBitrate(text)).toBe(text);
  });
});
