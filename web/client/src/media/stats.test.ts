import { describe, expect, it } from 'vitest';
import { digest } from './stats.js';

const report = (timestamp: number, bytesReceived: number) => [
  {
    id: 'v',
    type: 'inbound-rtp',
    timestamp,
    kind: 'video',
    mid: '5',
    bytesReceived,
    packetsLost: 3,
    jitter: 0.004,
    codecId: 'c',
    frameWidth: 640,
    frameHeight: 360,
    framesDecoded: 90,
  },
  { id: 'a', type: 'outbound-rtp', timestamp, kind: 'audio', mid: '0', bytesSent: 500 },
  { id: 'c', type: 'codec', timestamp, mimeType: 'video/VP8' },
  {
    id: 'p',
    type: 'candidate-pair',
    timestamp,
    nominated: true,
    state: 'succeeded',
    currentRoundTripTime: 0.025,
    localCandidateId: 'l',
    remoteCandidateId: 'r',
  },
  {
    id: 'r',
    type: 'remote-candidate',
    timestamp,
    candidateType: 'host',
    protocol: 'udp',
    address: '192.0.2.1',
    port: 7000,
  },
];

describe('a digest of the statistics', () => {
  it('tells what is received, of which codec and by which route', () => {
    const figures = digest(report(1000, 10_000));
    expect(figures).toMatchObject({ rttMs: 25, remoteCandidate: 'host udp 192.0.2.1 7000' });
    expect(figures.inbound).toEqual([
      {
        mid: '5',
        kind: 'video',
        bitrateBps: 0,
        packetsLost: 3,
        jitterMs: 4,
        codec: 'VP8',
        width: 640,
        height: 360,
        framesDecoded: 90,
      },
    ]);
  });

  it('has rates from the second one on', () => {
    const figures = digest(report(3000, 260_000), digest(report(1000, 10_000)));
    expect(figures.inbound[0]?.bitrateBps).toBe(1_000_000);
    expect(figures.receivedBps).toBe(1_000_000);
  });

  it('does without what a browser does not report', () => {
    expect(digest([])).toMatchObject({ inbound: [], outbound: [], receivedBps: 0 });
  });
});
