/** Moving stand-ins for a camera and a screen. */
function animate(
  width: number,
  height: number,
  draw: (to: CanvasRenderingContext2D, seconds: number) => void,
): MediaStreamTrack {
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const context = canvas.getContext('2d');
  const step = (now: number): void => {
    if (context) draw(context, now / 1000);
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
  const track = canvas.captureStream(15).getVideoTracks()[0];
  if (!track) throw new Error('no video track');
  return track;
}

/** Somebody in front of a wall, nodding. */
export function face(seed: number): MediaStreamTrack {
  const hue = (seed * 67 + 20) % 360;
  return animate(640, 360, (to, seconds) => {
    const wall = to.createLinearGradient(0, 0, 640, 360);
    wall.addColorStop(0, `hsl(${hue} 24% 62%)`);
    wall.addColorStop(1, `hsl(${(hue + 30) % 360} 28% 38%)`);
    to.fillStyle = wall;
    to.fillRect(0, 0, 640, 360);
    const nod = Math.sin(seconds * 1.6 + seed) * 5;
    to.fillStyle = `hsl(${(hue + 160) % 360} 32% 34%)`;
    to.beginPath();
    to.ellipse(320, 390, 150, 130, 0, 0, 7);
    to.fill();
    to.fillStyle = `hsl(${20 + seed * 3} 42% ${44 + (seed % 4) * 9}%)`;
    to.beginPath();
    to.ellipse(320, 180 + nod, 70, 88, 0, 0, 7);
    to.fill();
    to.fillStyle = `hsl(${25 + seed * 9} 30% ${16 + (seed % 3) * 12}%)`;
    to.beginPath();
    to.ellipse(320, 125 + nod, 78, 52, 0, Math.PI, 0);
    to.fill();
  });
}

/** A window with a table in it. */
export function screen(): MediaStreamTrack {
  return animate(1280, 720, (to, seconds) => {
    to.fillStyle = '#fbfbf8';
    to.fillRect(0, 0, 1280, 720);
    to.fillStyle = '#22302b';
    to.font = '600 40px sans-serif';
    to.fillText('Join time, p50 in ms', 70, 100);
    for (let bar = 0; bar < 8; ++bar) {
      const height = 90 + 300 * Math.abs(Math.sin(bar * 0.8 + seconds / 6));
      to.fillStyle = bar === 5 ? '#0b7a5d' : '#b9cfc6';
      to.fillRect(80 + bar * 142, 640 - height, 96, height);
    }
  });
}
