// Publishers that can be told apart by what they show: a canvas of one colour in the place of the camera.
// And a viewer's measure of when the picture behind a track changes to it.

/** Before the page's own code: the camera shows `colour` with a moving square, 30 times a second. */
export function showColour(colour) {
  return (page) =>
    page.addInitScript((fill) => {
      const original = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      navigator.mediaDevices.getUserMedia = async (constraints) => {
        const stream = constraints.audio ? await original({ audio: constraints.audio }) : new MediaStream();
        if (constraints.video) {
          const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 360 });
          const context = canvas.getContext('2d');
          let beat = 0;
          const draw = () => {
            context.fillStyle = fill;
            context.fillRect(0, 0, canvas.width, canvas.height);
            context.fillStyle = 'white';
            context.fillRect((beat * 7) % canvas.width, 0, 40, 40);
            beat += 1;
          };
          draw();
          setInterval(draw, 33);
          for (const track of canvas.captureStream(30).getVideoTracks()) stream.addTrack(track);
        }
        return stream;
      };
    }, colour);
}

/**
 * Shows `participantId` alone through the SDK, and waits for a frame of that colour: 'red', 'lime' or 'blue'.
 * Gives the milliseconds from the call of `view` to `requestVideoFrameCallback` of that frame, and the track's id.
 */
export function switchTo(page, participantId, colour) {
  return page.evaluate(
    async ([wanted, name]) => {
      const { client } = window.__visavis;
      // Also where no frame comes at all.
      const late = new Promise((_, reject) => setTimeout(() => reject(new Error(`never ${name}`)), 15_000));
      const started = performance.now();
      // The page itself declares its layout now and then: from here on the view is ours alone.
      client.view = () => {};
      Object.getPrototypeOf(client).view.call(client, [{ participantId: wanted, width: 640, height: 360 }]);
      let video = window.__switchVideo;
      if (!video) {
        video = Object.assign(document.createElement('video'), { muted: true, playsInline: true, width: 64, height: 36 });
        video.style.cssText = 'position:fixed;left:0;top:0;z-index:1000';
        document.body.append(video);
        window.__switchVideo = video;
      }
      const reception = () =>
        client.receptions.find((entry) => entry.kind === 'video' && entry.participantId === wanted);
      while (!reception()) await Promise.race([late, new Promise((resolve) => setTimeout(resolve, 1))]);
      const { track } = reception();
      if (video.srcObject?.getVideoTracks()[0] !== track) {
        video.srcObject = new MediaStream([track]);
        await video.play();
      }
      const context = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
      const shows = () => {
        context.drawImage(video, video.videoWidth / 2, video.videoHeight / 2, 1, 1, 0, 0, 1, 1);
        const [red, green, blue] = context.getImageData(0, 0, 1, 1).data;
        return { red: red > 150 && green < 100, lime: green > 150 && red < 100, blue: blue > 150 && green < 100 }[name];
      };
      const shown = new Promise((resolve) => {
        const look = () => {
          if (shows()) resolve({ milliseconds: performance.now() - started, trackId: track.id });
          else video.requestVideoFrameCallback(look);
        };
        video.requestVideoFrameCallback(look);
      });
      return Promise.race([shown, late]);
    },
    [participantId, colour],
  );
}

/** The id of a participant as `page` knows it. */
export function participantId(page, name) {
  return page.evaluate(
    (wanted) => window.__visavis.client.participants.find((participant) => participant.name === wanted)?.id,
    name,
  );
}
