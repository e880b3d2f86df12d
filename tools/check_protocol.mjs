// Holds the examples of docs/protocol.md, and any captured traffic, against protocol/call.schema.json.
//
//   node tools/check_protocol.mjs [CAPTURE.jsonl]
//
// A line of a capture is {"name": "join", "payload"|"ack"|"event": {…}}. Needs ajv (in web/node_modules).
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(process.env.AJV_FROM ?? join(root, 'web', 'package.json'));
const Ajv = require('ajv').default ?? require('ajv');

const schema = JSON.parse(readFileSync(join(root, 'protocol', 'call.schema.json'), 'utf8'));
const strip = (node) => {
  if (node === null || typeof node !== 'object') return node;
  if (Array.isArray(node)) return node.map(strip);
  return Object.fromEntries(
    Object.entries(node)
      .filter(([key]) => key !== 'tsType')
      .map(([key, value]) => [key, strip(value)]),
  );
};
const ajv = new Ajv({ allErrors: true });
ajv.addSchema(strip(schema), 'call');

const { ClientEvents, ServerEvents } = schema.definitions;

function pointer(name, part) {
  const own = ClientEvents.properties[name]?.properties;
  if (part === 'ack') return own?.ack.$ref;
  if (part === 'payload') return own?.payload.$ref;
  return ServerEvents.properties[name]?.$ref;
}

let checked = 0;
let wrong = 0;
const seen = new Set();
function hold(where, name, part, value) {
  const ref = pointer(name, part);
  checked += 1;
  seen.add(`${name}.${part}`);
  if (ref === undefined) {
    wrong += 1;
    console.error(`${where}: the schema has no ${part} of "${name}"`);
    return;
  }
  const validate = ajv.getSchema(`call${ref}`);
  if (!validate(value)) {
    wrong += 1;
    console.error(`${where}: ${name}.${part}: ${ajv.errorsText(validate.errors)}`);
  }
}

const page = readFileSync(join(root, 'docs', 'protocol.md'), 'utf8');
for (const [, label, text] of page.matchAll(/^```json ([a-z.-]+)\n([\s\S]*?)^```/gm)) {
  const [name, suffix] = label.split('.');
  const isRequest = ClientEvents.properties[name] !== undefined && suffix !== 'event';
  const part = suffix === 'ack' ? 'ack' : isRequest ? 'payload' : 'event';
  hold('docs/protocol.md', name, part, JSON.parse(text));
}
for (const name of Object.keys(ClientEvents.properties)) {
  for (const part of ['payload', 'ack']) {
    if (!seen.has(`${name}.${part}`)) {
      wrong += 1;
      console.error(`docs/protocol.md: no example of ${name}.${part}`);
    }
  }
}
for (const name of Object.keys(ServerEvents.properties)) {
  if (!seen.has(`${name}.event`)) {
    wrong += 1;
    console.error(`docs/protocol.md: no example of the event ${name}`);
  }
}

const capture = process.argv[2];
if (capture !== undefined) {
  const lines = readFileSync(capture, 'utf8').split('\n').filter(Boolean);
  lines.forEach((line, index) => {
    const entry = JSON.parse(line);
    const part = ['payload', 'ack', 'event'].find((key) => key in entry);
    hold(`${capture}:${index + 1}`, entry.name, part, entry[part]);
  });
}

console.log(`${checked} examples and messages checked, ${wrong} wrong`);
process.exit(wrong === 0 && checked > 0 ? 0 : 1);
