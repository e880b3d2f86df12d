import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CacheWatch } from '../lib/cache-watch.mjs';
import { Caller, launchChromium } from '../lib/chromium.mjs';
import { Server } from '../lib/server.mjs';
import { until } from '../lib/until.mjs';

let browser;
let server;

before(async () => {
  [browser, server] = await Promise.all([launchChromium(), Server.start()]);
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

async function finish(...callers) {
  for (const caller of callers) {
    assert.deepEqual(caller.errors, [], `${caller.name}'s page threw`);
    await caller.leave();
  }
}

test('two people see and hear each other, a third joins and sees both, one leaves and the tile goes', async () => {
  const ann = await Caller.join(browser, server, 'trio', 'Ann');
  const ben = await Caller.join(browser, server, 'trio', 'Ben');
  await Promise.all([ann.seesMoving(1), ben.seesMoving(1), ann.hears(), ben.hears()]);
  await ann.tile('Ben').waitFor();
  await ben.tile('Ann').waitFor();

  const cleo = await Caller.join(browser, server, 'trio', 'Cleo');
  await Promise.all([cleo.seesMoving(2), ann.seesMoving(2), ben.seesMoving(2)]);
  assert.deepEqual((await cleo.tileNames()).sort(), ['Ann', 'Ben']);

  await ben.page.getByTestId('leave-button').click();
  await until("Ben's tile is gone", async () => !(await cleo.tileNames()).includes('Ben'));
  await cleo.seesMoving(1);
  await finish(ann, ben, cleo);
});

test('a shared screen has a tile of its own for the others, it moves, and goes when sharing ends', async () => {
  const ann = await Caller.join(browser, server, 'desk', 'Ann');
  const ben = await Caller.join(browser, server, 'desk', 'Ben');
  await ben.seesMoving(1);
  await ann.page.getByTestId('screen-button').click();
  const screen = ben.page.getByTestId('screen-tile');
  await screen.waitFor();
  await ben.seesMoving(2, 5);
  await until('pictures of the screen are shown', () =>
    screen.locator('video').evaluate((video) => video.videoWidth > 0 && video.getVideoPlaybackQuality().totalVideoFrames > 5),
  );
  await ann.page.getByTestId('screen-button').click();
  await screen.waitFor({ state: 'detached' });
  await ben.seesMoving(1);
  await finish(ann, ben);
});

// A browser's encoder makes a keyframe of its own accord now and then (a change of resolution), and a busy machine
// joins slowly: an attempt that such a thing spoilt says nothing, and another person joins.
const kAttempts = 6;
const starts = ({ hits, misses }) => hits + misses;

test('a late joiner within the freshness limit starts from the cache and no keyframe is asked for', async () => {
  const { callers, watch } = await watchedCall('fresh');
  for (let attempt = 0; ; attempt += 1) {
    assert.ok(attempt < kAttempts, 'nobody came while the run was fresh');
    const [fresh, late] = await Promise.all(
      ['Fresh', 'Late'].map((name) => Caller.atTheDoor(browser, server, 'fresh', `${name}${attempt}`)),
    );
    await late.page.locator('video').waitFor();
    // Whoever comes to a stale run makes it fresh; who comes right after starts from it.
    await until('the run is stale', () => Date.now() - watch.lastKeyframeAt > 2_500, 60_000);
    const stale = watch.now;
    const entered = fresh.enter();
    await until(
      'the keyframe is here, and its viewer has begun',
      () => watch.now.keyframes > stale.keyframes && starts(watch.now) > starts(stale),
    );
    const before = watch.now;
    const keyframeAt = watch.lastKeyframeAt;
    await late.enter();
    await until('the late joiner starts', () => starts(watch.now) > starts(before));
    const started = watch.changes.find((change) => starts(change) > starts(before));
    const inTime = started.at - keyframeAt < 1_400;
    if (inTime) {
      assert.equal(started.asked, before.asked);
      assert.equal(started.hits, before.hits + 1);
      assert.equal(started.misses, before.misses);
      await late.seesMoving(3);
    }
    await entered;
    await finish(fresh, late);
    if (inTime) break;
  }
  watch.stop();
  await finish(...callers);
});

test('a late joiner after the freshness limit causes exactly one request for a keyframe', async () => {
  const { callers, watch } = await watchedCall('stale');
  for (let attempt = 0; ; attempt += 1) {
    assert.ok(attempt < kAttempts, 'the encoder never rested');
    await until('the newest keyframe is over 3 s old', () => Date.now() - watch.lastKeyframeAt > 3_000, 60_000);
    const before = watch.now;
    const late = await Caller.join(browser, server, 'stale', `Late${attempt}`);
    await late.seesMoving(2);
    const unasked = watch.changes.some((change) => change.keyframes > before.keyframes && change.asked === before.asked);
    if (!unasked) assert.equal(watch.now.asked, before.asked + 1);
    await finish(late);
    if (!unasked) break;
  }
  watch.stop();
  await finish(...callers);
});

/** A call of two, and a watch on the first one's camera. */
async function watchedCall(room) {
  const ann = await Caller.join(browser, server, room, 'Ann');
  const ben = await Caller.join(browser, server, room, 'Ben');
  await ben.seesMoving(1);
  const watch = await new CacheWatch(server, await ann.id()).start();
  return { callers: [ann, ben], watch };
}
