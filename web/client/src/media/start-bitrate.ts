/**
 * Chromium starts to send at 300 kbit/s, takes a 720p camera for a 180p one, and needs half a minute to find out that
 * the network carries more. An unofficial but long-lived format parameter in the answer gives it another start;
 * its bandwidth estimation corrects it within a second where it was too much.
 */
const kStartKbps = 1000;

/** The answer with a start bitrate for each video codec of the lines that we send on. Others ignore it. */
export function withStartBitrate(answer: string): string {
  const [session = '', ...media] = answer.split(/(?=^m=)/m);
  return [
    session,
    ...media.map((section) => (isOurVideo(section) ? raise(section) : section)),
  ].join('');
}

/** In the answer, what we send is what the other side only receives. */
const isOurVideo = (section: string): boolean =>
  section.startsWith('m=video') && /^a=recvonly\r?$/m.test(section);

function raise(section: string): string {
  const codecs = [...section.matchAll(/^a=rtpmap:(\d+) (VP8|VP9|H264|AV1)\/90000\r?$/gm)];
  return codecs.reduce((text, [line, payloadType]) => {
    const parameters = new RegExp(`^a=fmtp:${payloadType} .*?(?=\\r?$)`, 'm');
    const start = `x-google-start-bitrate=${kStartKbps}`;
    if (parameters.test(text)) return text.replace(parameters, (fmtp) => `${fmtp};${start}`);
    const rtpmap = line.trimEnd();
    return text.replace(rtpmap, `${rtpmap}\r\na=fmtp:${payloadType} ${start}`);
  }, section);
}
