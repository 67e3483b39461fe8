// Compiles and renders a Vega-Lite specification; fails if anything is warned of, or if not every
// value of its data becomes a mark.
import { readFileSync } from 'node:fs';
import * as vega from 'vega';
import { compile } from 'vega-lite';

const file = process.argv[2];
const spec = JSON.parse(readFileSync(file, 'utf8'));
const problems = [];
const note = (...words) => problems.push(words.join(' '));
const logger = { level: () => logger, error: note, warn: note, info() {}, debug() {} };
for (const name of ['error', 'warn']) logger[name] = (...words) => (note(...words), logger);

const compiled = compile(spec, { logger }).spec;
const view = new vega.View(vega.parse(compiled), { renderer: 'none', logger });
await view.runAsync();
const svg = await view.toSVG();

// Marks that carry a datum of the inline data; lines and their points share theirs.
const drawn = new Set();
const walk = (item) => {
  for (const child of item.items ?? []) {
    if (child.mark && child.datum?.series !== undefined && child.datum.value !== undefined) {
      drawn.add([item.name?.split('_')[0], child.mark.group?.context && '', child.datum.series,
        child.datum.x, child.datum.value, find_view(child)].join('\u0000'));
    }
    walk(child);
  }
};
// The concatenated view a mark is in.
function find_view(item) {
  let name = '';
  for (let at = item.mark; at; at = at.group?.mark) if (/concat_\d+/.test(at.name ?? '')) name = at.name;
  return name.match(/concat_\d+/)?.[0] ?? '';
}
walk(view.scenegraph().root);

const expected = spec.vconcat.reduce((sum, one) => sum + one.data.values.length, 0);
const places = new Set([...drawn].map((key) => key.split('\u0000').slice(2).join('\u0000')));
if (!svg.includes('<svg') || expected === 0) problems.push('nothing was rendered');
if (places.size !== expected) problems.push(`${places.size} of ${expected} values are drawn`);
for (const problem of problems) console.error(`${file}: ${problem}`);
if (problems.length > 0) process.exit(1);
console.log(`${file.split('/').pop()}: ${expected} values drawn`);
