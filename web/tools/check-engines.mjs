// Refuses a dependency that does not run on the Node of Debian 12: a newer Node on the
// developer's machine hides such a mistake until somebody installs on a bare system.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const semver = require('semver');
const kOldestNode = '18.20.4';

const lock = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'));
const tooNew = Object.entries(lock.packages).filter(
  ([, entry]) => entry.engines?.node && !semver.satisfies(kOldestNode, entry.engines.node),
);
for (const [path, entry] of tooNew) {
  console.error(`${path || 'web'} ${entry.version}: needs Node ${entry.engines.node}`);
}
if (tooNew.length > 0) {
  console.error(`Node ${kOldestNode} (Debian 12) must run every package.`);
  process.exit(1);
}
