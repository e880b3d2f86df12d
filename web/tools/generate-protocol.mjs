// Writes client/src/protocol.ts and the files beside it in client/src/protocol/ from
// protocol/call.schema.json, the one description of the call protocol. With --check it only tells
// whether the committed files are up to date.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileFromFile } from 'json-schema-to-typescript';
import prettier from 'prettier';
import ts from 'typescript';

const schema = fileURLToPath(new URL('../../protocol/call.schema.json', import.meta.url));
const source = fileURLToPath(new URL('../client/src/', import.meta.url));
const folder = path.join(source, 'protocol');

const banner = `// Generated from protocol/call.schema.json by \`npm run protocol\`. Do not edit.`;

/** Every declaration by its name, with its comment, and the names that it mentions. */
function declarationsOf(text) {
  const file = ts.createSourceFile('protocol.ts', text, ts.ScriptTarget.Latest, true);
  const declarations = new Map(
    file.statements.map((node) => [
      node.name.text,
      { text: node.getFullText().trim(), mentions: [] },
    ]),
  );
  for (const node of file.statements) {
    const visit = (child) => {
      const name = ts.isTypeReferenceNode(child) ? child.typeName.getText() : undefined;
      if (declarations.has(name)) declarations.get(node.name.text).mentions.push(name);
      ts.forEachChild(child, visit);
    };
    visit(node);
  }
  return declarations;
}

function reachableFrom(roots, declarations) {
  const seen = new Set(roots);
  for (const name of seen) declarations.get(name).mentions.forEach((other) => seen.add(other));
  return seen;
}

/** The roots of each part. What more than one part needs is a value of the protocol. */
const parts = {
  requests: (name) => name.endsWith('Payload'),
  answers: (name) => name.endsWith('Ack'),
  events: (name) => name.endsWith('Event'),
  values: () => false,
};

function bySubject(declarations) {
  const subjects = new Map();
  for (const [part, isRoot] of Object.entries(parts)) {
    for (const name of reachableFrom([...declarations.keys()].filter(isRoot), declarations)) {
      subjects.set(name, subjects.has(name) ? 'values' : part);
    }
  }
  for (const name of declarations.keys()) {
    if (!subjects.has(name)) subjects.set(name, 'protocol');
  }
  return subjects;
}

function contentOf(subject, declarations, subjects) {
  const names = [...declarations.keys()].filter((name) => subjects.get(name) === subject);
  const imports = new Map();
  for (const mentioned of names.flatMap((name) => declarations.get(name).mentions)) {
    const from = subjects.get(mentioned);
    if (from !== subject) imports.set(from, (imports.get(from) ?? new Set()).add(mentioned));
  }
  const where = subject === 'protocol' ? './protocol' : '.';
  return [
    banner,
    [...imports]
      .map(
        ([from, used]) =>
          `import type { ${[...used].sort().join(', ')} } from '${where}/${from}.js';`,
      )
      .join('\n'),
    subject === 'protocol'
      ? Object.keys(parts)
          .map((part) => `export type * from './protocol/${part}.js';`)
          .join('\n')
      : '',
    ...names.map((name) => declarations.get(name).text),
  ].join('\n\n');
}

const text = await compileFromFile(schema, {
  bannerComment: '',
  additionalProperties: false,
  format: false,
});
const declarations = declarationsOf(text);
const subjects = bySubject(declarations);
const options = await prettier.resolveConfig(path.join(source, 'protocol.ts'));
const files = new Map();
for (const subject of ['protocol', ...Object.keys(parts)]) {
  const target =
    subject === 'protocol' ? path.join(source, 'protocol.ts') : path.join(folder, `${subject}.ts`);
  const content = contentOf(subject, declarations, subjects);
  files.set(target, await prettier.format(content, { ...options, parser: 'typescript' }));
}

function committed(target) {
  try {
    return readFileSync(target, 'utf8');
  } catch {
    return ''; // A missing file is out of date like any other difference.
  }
}

mkdirSync(folder, { recursive: true });
const others = readdirSync(folder)
  .map((name) => path.join(folder, name))
  .filter((file) => !files.has(file));
if (process.argv.includes('--check')) {
  const stale = [
    ...others,
    ...[...files.keys()].filter((target) => committed(target) !== files.get(target)),
  ];
  if (stale.length > 0) {
    const names = stale.map((target) => path.relative(source, target)).join(', ');
    console.error(
      `web/client/src: ${names}: not what protocol/call.schema.json says; run \`npm run protocol\`.`,
    );
    process.exit(1);
  }
} else {
  others.forEach((file) => rmSync(file));
  for (const [target, content] of files) writeFileSync(target, content);
}
