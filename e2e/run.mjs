// Runs the end-to-end tests: those on loopback, then those that need a network of their own.
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const address = '10.77.0.1';
const address6 = 'fd77::1';
/** Of the same link, and not the one that the kernel would answer from by itself. */
const second6 = 'fd77::2';
const only = process.argv[2] ?? '';
/** A test that failed may keep its process alive; no file needs a quarter of this. */
const fileTimeoutMs = 240_000;

function files(folder) {
  return readdirSync(path.join(here, folder))
    .filter((name) => name.endsWith('.test.mjs') && name.includes(only))
    .map((name) => path.join(here, folder, name))
    .sort();
}

/** One file after another: two browsers at once would fight over two cores. */
function runTests(list, wrapper = [], env = {}) {
  let failed = 0;
  for (const file of list) {
    const [command, ...args] = [...wrapper, process.execPath, '--test', file];
    const { status, error } = spawnSync(command, args, { stdio: 'inherit', timeout: fileTimeoutMs, env: { ...process.env, ...env } });
    if (error) console.error(`${path.basename(file)}: ${error.message}`);
    failed += status === 0 ? 0 : 1;
  }
  return failed;
}

// Making a network namespace needs root.
const asRoot = process.getuid() === 0 ? [] : ['sudo', '-E'];

function ip(...args) {
  const [command, ...rest] = [...asRoot, 'ip', ...args];
  execFileSync(command, rest, { stdio: 'inherit' });
}

/** A network namespace with one address that is not loopback; gone again whatever `inside` does. */
function withNamespace(inside) {
  const name = `visavis-e2e-${process.pid}`;
  ip('netns', 'add', name);
  try {
    ip('-n', name, 'link', 'add', 'call0', 'type', 'veth', 'peer', 'name', 'call1');
    ip('-n', name, 'address', 'add', `${address}/24`, 'dev', 'call0');
    for (const one of [address6, second6]) ip('-n', name, 'address', 'add', `${one}/64`, 'dev', 'call0', 'nodad');
    for (const link of ['lo', 'call0', 'call1']) ip('-n', name, 'link', 'set', link, 'up');
    ip('-n', name, 'route', 'add', 'default', 'via', '10.77.0.254', 'dev', 'call0');
    ip('-n', name, '-6', 'route', 'add', 'default', 'via', 'fd77::fe', 'dev', 'call0');
    return inside(name);
  } finally {
    ip('netns', 'delete', name);
  }
}

let failed = runTests(files('test'));
const inNamespace = files('netns');
if (inNamespace.length > 0) {
  failed += withNamespace((name) =>
    runTests(inNamespace, [...asRoot, 'ip', 'netns', 'exec', name], { VISAVIS_NETNS_ADDRESS: address, VISAVIS_NETNS_ADDRESS6: address6, VISAVIS_NETNS_SECOND6: second6 }),
  );
}
process.exit(failed === 0 ? 0 : 1);
