// Our JSON against Node's, on generated texts: the same texts are taken, and rewritten to the same.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { describe, it } from 'node:test';
import { within } from './support.mjs';
import { generator } from './random.mjs';

const PROGRAM = process.env.JSON_REWRITER;
const SEED = Number(process.env.JSON_SEED ?? 20261122);
const TEXTS = 20000;

const random = generator(SEED);
const { below, pick } = random;

const SPACES = ['', '', '', ' ', '\n', '\t\r '];
const PIECES = ['a', 'bc', 'ü', '€', '😀', '\x7f', '\u2028', '\\n', '\\"', '\\\\', '\\/', '\\u0041', '\\u00fc', '\\ud83d\\ude00', '\\ud800', '\\udc00', '\\uD83D', '\\u0000', '\\b', '\\f'];
const NUMBERS = ['0', '-0', '1', '-1', '10', '0.1', '1e5', '1E+2', '1.5e-7', '1e21', '1e20', '123456789012345678', '9007199254740993', '5e-324', '2e-324', '1e-400', '1e400', '-1e400', '1.7976931348623157e308', '1.7976931348623159e308', '2.2250738585072011e-308', '0.000001', '0.0000001', '4.35', '100000000000000000000000'];

function number() {
  if (below(2)) return pick(NUMBERS);
  const view = new DataView(new ArrayBuffer(8));
  view.setUint32(0, below(2 ** 32));
  view.setUint32(4, below(2 ** 32));
  const value = view.getFloat64(0);
  if (Number.isFinite(value) && below(2)) return String(value);
  return `${below(2) ? '-' : ''}${below(1000)}.${'0'.repeat(below(4))}${below(10 ** 9)}e${below(2) ? '-' : ''}${below(330)}`;
}
function string() {
  let text = '';
  for (let i = below(5); i > 0; --i) text += pick(PIECES);
  return `"${text}"`;
}
/** Not a whole number: JavaScript sorts those to the front. */
const key = () => `"k${string().slice(1)}`;

function value(depth) {
  const space = pick(SPACES);
  switch (below(depth > 4 ? 5 : 7)) {
    case 0: return pick(['true', 'false', 'null']);
    case 1: case 2: return number();
    case 3: case 4: return string();
    case 5: return `[${space}${Array.from({ length: below(5) }, () => value(depth + 1)).join(`${space},`)}${space}]`;
    default: return `{${space}${Array.from({ length: below(5) }, () => `${key()}${space}:${space}${value(depth + 1)}`).join(',')}${space}}`;
  }
}

/** Bytes of a text, sometimes broken somewhere. */
function sample() {
  const bytes = Buffer.from(pick(SPACES) + value(0) + pick(SPACES));
  if (below(3) > 0 || bytes.length === 0) return bytes;
  const at = below(bytes.length);
  switch (below(4)) {
    case 0: return bytes.subarray(0, at);
    case 1: return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
    case 2: bytes[at] = below(256); return bytes;
    default: return Buffer.concat([bytes.subarray(0, at), Buffer.from(pick(['"', '\\', '{', '}', '[', ']', ',', ':', '0', '-', 'e', '.', 'u', '\0', '\x1f', 'é'])), bytes.subarray(at)]);
  }
}

function expected(bytes) {
  try {
    return JSON.stringify(JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)));
  } catch {
    return '';
  }
}

function framed(texts) {
  return Buffer.concat(
    texts.flatMap((text) => {
      const size = Buffer.alloc(4);
      size.writeUInt32BE(text.length);
      return [size, text];
    }),
  );
}

async function rewritten(texts) {
  const program = spawn(PROGRAM, { stdio: ['pipe', 'pipe', 'inherit'] });
  program.stdin.end(framed(texts));
  const chunks = [];
  for await (const chunk of program.stdout) chunks.push(chunk);
  const all = Buffer.concat(chunks);
  const answers = [];
  for (let at = 0; at < all.length; at += 4 + all.readUInt32BE(at)) {
    answers.push(all.subarray(at + 4, at + 4 + all.readUInt32BE(at)).toString());
  }
  return answers;
}

describe('our JSON', { skip: PROGRAM ? false : 'no program given' }, () => {
  it(`reads and writes ${TEXTS} texts as Node does (seed ${SEED})`, async () => {
    const texts = Array.from({ length: TEXTS }, sample);
    const answers = await within(rewritten(texts), 'the answers', 60000);
    assert.equal(answers.length, texts.length);
    let taken = 0;
    texts.forEach((text, i) => {
      const wanted = expected(text);
      taken += wanted !== '' ? 1 : 0;
      assert.equal(answers[i], wanted, `text ${i}: ${JSON.stringify(text.toString())}`);
    });
    assert.ok(taken > TEXTS / 2 && taken < TEXTS, `${taken} taken`);
  });
});
