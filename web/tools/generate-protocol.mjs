// Writes client/src/protocol.ts from protocol/call.schema.json, the one description of the call
// protocol. With --check it only tells whether the committed file is up to date.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compileFromFile } from 'json-schema-to-typescript';
import prettier from 'prettier';

const schema = fileURLToPath(new URL('../../protocol/call.schema.json', import.meta.url));
const target = fileURLToPath(new URL('../client/src/protocol.ts', import.meta.url));

const banner = `// Generated from protocol/call.schema.json by \`npm run protocol\`. Do not edit.`;
const text = await compileFromFile(schema, {
  bannerComment: banner,
  additionalProperties: false,
  format: false,
});
const options = await prettier.resolveConfig(target);
const formatted = await prettier.format(text, { ...options, parser: 'typescript' });

if (process.argv.includes('--check')) {
  let committed = '';
  try {
    committed = readFileSync(target, 'utf8');
  } catch {
    // A missing file is out of date like any other difference.
  }
  if (committed !== formatted) {
    console.error(
      'web/client/src/protocol.ts is not what protocol/call.schema.json says: run `npm run protocol`.',
    );
    process.exit(1);
  }
} else {
  writeFileSync(target, formatted);
}
