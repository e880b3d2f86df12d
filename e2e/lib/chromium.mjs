// Debian's Chromium with fake camera and microphone, and what a test wants to know of a call page.
import { chromium } from 'playwright-core';
import { until } from './until.mjs';

export async function launchChromium() {
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream', // Also chooses a screen, without asking.
      '--autoplay-policy=no-user-gesture-required',
    ],
  });
}

// Counts the SDP that a page exchanges, before any of the page's own code runs.
function countDescriptions() {
  window.__descriptions = 0;
  for (const method of ['setLocalDescription', 'setRemoteDescription']) {
    const original = RTCPeerConnection.prototype[method];
    RTCPeerConnection.prototype[method] = function (...args) {
      window.__descriptions += 1;
      return original.apply(this, args);
    };
  }
}

/** One person in one room: a page in a context of its own. */
export class Caller {
  constructor(page, name) {
    this.page = page;
    this.name = name;
  }

  static async join(browser, server, room, name, options = {}) {
    const caller = await Caller.atTheDoor(browser, server, room, name, { ...options, query: '&join=1' });
    await caller.page.getByTestId('leave-button').waitFor();
    return caller;
  }

  /** Somebody whose page is loaded and who may `enter`. */
  static async atTheDoor(browser, server, room, name, { prepare, query = '' } = {}) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-US' });
    const page = await context.newPage();
    const caller = new Caller(page, name);
    caller.errors = [];
    page.on('pageerror', (error) => caller.errors.push(String(error)));
    await page.addInitScript(countDescriptions);
    if (prepare) await prepare(page);
    await page.goto(`${server.url}/r/${room}?name=${encodeURIComponent(name)}${query}`);
    return caller;
  }

  /** Joins, with the camera already running. */
  async enter() {
    await this.page.locator('video').waitFor();
    await this.page.getByTestId('join-button').click();
    await this.page.getByTestId('leave-button').waitFor();
  }

  tile(name) {
    return this.page.locator(`[data-testid="tile"][data-name="${name}"]`);
  }

  async tileNames() {
    return this.page.getByTestId('tile').evaluateAll((tiles) => tiles.map((tile) => tile.dataset.name));
  }

  /** Every inbound RTP stream as getStats tells it. */
  async inbound(kind) {
    const all = await this.page.evaluate(async () => {
      const connection = window.__visavis?.client?.peerConnection;
      if (!connection) return [];
      const report = await connection.getStats();
      return [...report.values()].filter((entry) => entry.type === 'inbound-rtp');
    });
    return all.filter((entry) => entry.kind === kind);
  }

  async framesDecoded() {
    return (await this.inbound('video')).reduce((sum, entry) => sum + (entry.framesDecoded ?? 0), 0);
  }

  /** Waits until this page decodes `count` new frames in each of `streams` video streams. */
  async seesMoving(streams, count = 15, timeoutMs = 15_000) {
    const before = new Map((await this.inbound('video')).map((entry) => [entry.mid, entry.framesDecoded ?? 0]));
    return until(
      `${this.name} decodes ${count} new frames of ${streams} people`,
      async () => {
        const now = await this.inbound('video');
        return now.filter((entry) => (entry.framesDecoded ?? 0) - (before.get(entry.mid) ?? 0) >= count).length >= streams;
      },
      timeoutMs,
    );
  }

  async hears() {
    return until(`${this.name} hears something`, async () =>
      (await this.inbound('audio')).some((entry) => (entry.totalAudioEnergy ?? 0) > 0),
    );
  }

  /** The participant's id in the call. */
  id() {
    return this.page.evaluate(() => window.__visavis.client.selfId);
  }

  descriptions() {
    return this.page.evaluate(() => window.__descriptions);
  }

  async leave() {
    await this.page.context().close();
  }
}
