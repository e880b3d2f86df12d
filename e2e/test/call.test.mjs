import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Caller, launchChromium } from '../lib/chromium.mjs';
import { Server, until } from '../lib/server.mjs';

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

test('a late joiner within the freshness limit starts from the cache and no keyframe is asked for', async () => {
  const ann = await Caller.join(browser, server, 'fresh', 'Ann');
  const ben = await Caller.join(browser, server, 'fresh', 'Ben');
  await ben.seesMoving(1);
  const asked = () => server.metric('visavis_publisher_plis_total', { room: 'fresh', publisher: 'Ann' });
  // Ask for a keyframe as a third viewer does, so that the run is fresh whatever the encoder did before.
  const cleo = await Caller.join(browser, server, 'fresh', 'Cleo');
  await cleo.seesMoving(2);
  const before = await asked();
  const hits = await server.metric('visavis_cache_hits_total');
  const dora = await Caller.join(browser, server, 'fresh', 'Dora');
  await dora.seesMoving(3);
  assert.equal(await asked(), before);
  assert.ok((await server.metric('visavis_cache_hits_total')) > hits);
  await finish(ann, ben, cleo, dora);
});
