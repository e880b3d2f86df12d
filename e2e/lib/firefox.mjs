// Debian's Firefox ESR with fake camera and microphone, over WebDriver BiDi.
import puppeteer from 'puppeteer-core';
import { Caller } from './chromium.mjs';

export async function launchFirefox() {
  return puppeteer.launch({
    browser: 'firefox',
    executablePath: '/usr/bin/firefox-esr',
    headless: true,
    extraPrefsFirefox: {
      'media.navigator.streams.fake': true,
      'media.navigator.permission.disabled': true,
      'media.autoplay.default': 0,
      'media.gmp-manager.updateEnabled': false,
      'network.captive-portal-service.enabled': false,
      'network.connectivity-service.enabled': false,
    },
  });
}

/** The same person as `Caller`, with the few calls that differ between the two drivers. */
export class FirefoxCaller extends Caller {
  static async join(browser, server, room, name) {
    const page = await browser.newPage();
    const caller = new FirefoxCaller(page, name);
    caller.errors = [];
    page.on('pageerror', (error) => caller.errors.push(String(error)));
    await page.goto(`${server.url}/r/${room}?name=${encodeURIComponent(name)}&join=1`);
    await page.waitForSelector('[data-testid="leave-button"]');
    return caller;
  }

  async leave() {
    await this.page.close();
  }
}
