/**
 * The page in states that are hard to bring about: no server, no devices, any number of people. For looking at
 * while designing; not part of the build. `?people=4&in=call&lang=zh&trouble=media-interrupted&…`
 */
import { DeviceError, type InterruptionCause } from '@visavis/client';
import { mount } from 'svelte';
import Frame from './Frame.svelte';
import { chooseLanguage } from '../src/i18n/index.js';
import type { Devices } from '../src/model/local-media.js';
import { FakeClient, participant, reception } from '../src/testing/fake-client.js';
import { face, screen } from './pictures.js';
import '../src/styles/tokens.css';
import '../src/styles/base.css';

const query = new URL(location.href).searchParams;
const number = (key: string): number => Number(query.get(key) ?? 0);
const kNames = [
  'Ada Lovelace',
  '李明',
  'Grace Hopper',
  'Søren Kjær',
  'Olamide',
  'Émilie du Châtelet',
  'Katherine Johnson',
  '王小红',
  'Jean-Baptiste Emmanuel Zorg-Featherstonehaugh',
  'Noor',
  'Tomás Ó Cléirigh',
  'Mary Jackson',
];

const client = new FakeClient();
const people = Array.from({ length: number('people') }, (_, index) => {
  const name = kNames[index % kNames.length] ?? '';
  const camera = index % 4 === 3 ? 'camera!' : 'camera';
  const sources = index === 0 && query.has('screen') ? ['screen'] : [];
  return {
    ...participant(name, index % 3 === 2 ? 'microphone!' : 'microphone', camera, ...sources),
    id: `p${index}`,
    connection: index === 1 && query.has('away') ? ('lost' as const) : ('connected' as const),
  };
});
client.participants = people;
client.receptions = people.flatMap((who, index) => [
  ...(index % 4 === 3 || (index === 2 && query.has('waiting'))
    ? []
    : [reception(who, 'camera', face(index))]),
  ...(index === 0 && query.has('screen') ? [reception(who, 'screen', screen())] : []),
]);

const failing = query.get('devices');
const fail = (device: 'camera' | 'microphone') =>
  new DeviceError(device, (failing ?? 'failed') as 'denied', 'as asked for');
const info = (kind: MediaDeviceKind, label: string) =>
  ({ kind, label, deviceId: label, groupId: '' }) as MediaDeviceInfo;
const devices: Devices = {
  openCamera: async () => (failing ? Promise.reject(fail('camera')) : face(7)),
  openMicrophone: async () => Promise.reject(fail('microphone')),
  openMicrophoneAndCamera: async () => ({
    microphone: failing ? fail('microphone') : tone(),
    camera: failing ? fail('camera') : face(7),
  }),
  openScreen: async () => ({ video: screen(), audio: undefined }),
  listDevices: async () => ({
    microphones: failing
      ? []
      : [info('audioinput', 'MacBook Pro Microphone'), info('audioinput', 'USB Headset')],
    cameras: failing ? [] : [info('videoinput', 'FaceTime HD Camera')],
    speakers: failing ? [] : [info('audiooutput', 'MacBook Pro Speakers')],
  }),
  onDeviceChange: () => () => undefined,
};

function tone(): MediaStreamTrack {
  const track = new AudioContext().createMediaStreamDestination().stream.getAudioTracks()[0];
  if (!track) throw new Error('no audio track');
  return track;
}

const language = chooseLanguage([query.get('lang') ?? '', ...navigator.languages]);
const target = document.getElementById('app');
if (target) {
  mount(Frame, {
    target,
    props: {
      language,
      client,
      devices,
      page: query.get('page') ?? 'room',
      joinAtOnce: query.get('in') === 'call',
    },
  });
}

setTimeout(() => {
  const speaking = query.get('speaking');
  if (speaking) client.emit('speakers', speaking.split(','));
  const cause = query.get('trouble') as InterruptionCause | null;
  if (cause)
    client.setState({
      ...client.state,
      interruption: { cause, since: Date.now(), mediaFlows: query.has('flows') },
    });
  if (query.has('left')) client.leave();
  if (query.has('chat')) {
    client.emit('message', {
      from: 'p0',
      private: false,
      text: 'Shall we start? I have the numbers of last week here.',
    });
    client.emit('message', { from: 'p1', private: false, text: '好的，马上来。' });
  }
}, 600);
