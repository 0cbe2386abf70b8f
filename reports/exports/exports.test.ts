// The exports against what their readers accept.
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { hostileRecord, unmeasuredRecord } from '../fixtures/odd.ts';
import { buildRecord } from '../fixtures/record.ts';
import { readRun } from '../run.ts';
import { benchmarkEntries } from './benchmark-json.ts';
import { type Check, renderJunit } from './junit.ts';

/** Elements, their attributes (`!` is required) and what they may hold, after the Jenkins xUnit plugin's junit-10.xsd. */
const junitSchema: Readonly<Record<string, { attributes: readonly string[]; children: readonly string[] }>> = {
  testsuites: { attributes: ['name', 'tests', 'failures', 'errors', 'time'], children: ['testsuite'] },
  testsuite: {
    attributes: ['name!', 'tests!', 'failures!', 'errors!', 'skipped', 'time', 'timestamp'],
    children: ['testcase', 'system-out'],
  },
  testcase: { attributes: ['name!', 'classname', 'time'], children: ['failure', 'skipped', 'system-out'] },
  failure: { attributes: ['type', 'message'], children: ['#text'] },
  skipped: { attributes: ['type', 'message'], children: ['#text'] },
  'system-out': { attributes: [], children: ['#text'] },
};

const checks: readonly Check[] = [
  { suite: 'polling', name: '● db.queriesPerMinute', outcome: 'passed', message: '12/min → 12/min (0 %)' },
  { suite: 'polling', name: 'a < b & "c" > \'d\'', outcome: 'failed', message: '</failure><failure>]]>' },
  { suite: 'sse', name: 'freshnessUs.p99', outcome: 'skipped', message: 'not in the run record' },
];

describe('junit.xml', () => {
  it('holds every check in its contender’s suite', () => {
    expect(renderJunit('freshet compare', checks)).toMatchInlineSnapshot(`
      "<?xml version="1.0" encoding="UTF-8"?>
      <testsuites name="freshet compare" tests="3" failures="1" errors="0">
        <testsuite name="polling" tests="2" failures="1" errors="0" skipped="0">
          <testcase classname="polling" name="● db.queriesPerMinute"><system-out>12/min → 12/min (0 %)</system-out></testcase>
          <testcase classname="polling" name="a &lt; b &amp; &quot;c&quot; &gt; &#39;d&#39;"><failure type="regression" message="&lt;/failure&gt;&lt;failure&gt;]]&gt;">&lt;/failure&gt;&lt;failure&gt;]]&gt;</failure></testcase>
        </testsuite>
        <testsuite name="sse" tests="1" failures="0" errors="0" skipped="1">
          <testcase classname="sse" name="freshnessUs.p99"><skipped message="not in the run record"/></testcase>
        </testsuite>
      </testsuites>
      "
    `);
  });

  it('is what the schema of its readers allows, with nothing to check too', () => {
    expect(countElements(renderJunit('a', checks))).toBe(1 + 2 + 3 + 3);
    expect(countElements(renderJunit('a', []))).toBe(1);
  });

  it('is not believed to be valid when it is not', () => {
    expect(() => countElements('<testsuite name="a" tests="1" failures="0"/>')).toThrow('errors');
    expect(() => countElements('<testsuites><testcase name="a"/></testsuites>')).toThrow('testcase');
    expect(() => countElements('<testsuites name="a&b"/>')).toThrow();
    expect(() => countElements('<testsuites>')).toThrow();
  });
});

describe('benchmark.json', () => {
  // What the action's reader takes for a custom tool, and its schema for what it stores.
  const entries = z.array(
    z.strictObject({ name: z.string().min(1), unit: z.string(), value: z.number(), extra: z.string() }),
  );

  it('has an entry for each measured figure of which less is better, under a name of its own that no figure is part of', () => {
    for (const record of [buildRecord(), buildRecord({ repetitions: 3 }), unmeasuredRecord(), hostileRecord()]) {
      const found = entries.min(1).parse(JSON.parse(JSON.stringify(benchmarkEntries(readRun(record)))));
      expect(new Set(found.map(({ name }) => name)).size).toBe(found.length);
    }
    const names = benchmarkEntries(readRun(buildRecord())).map(({ name }) => name);
    expect(names).toContain('dashboard: websocket freshnessUs.p99');
    expect(names.some((name) => /deliveryRatio|generator/.test(name))).toBe(false);
    expect(benchmarkEntries(readRun(buildRecord({ seed: 7 }))).map(({ name }) => name)).toEqual(names);
  });
});

/** Walks the document; throws at the first thing that the schema does not allow. */
function countElements(xml: string): number {
  const open: string[] = [];
  let elements = 0;
  const tokens = xml.replace(/^<\?xml [^?]*\?>/, '').match(/<[^>]*>|[^<]+/g) ?? [];
  for (const token of tokens) {
    if (/&(?!(?:amp|lt|gt|quot|#39);)/.test(token)) throw new Error(`an entity that is none in ${token}`);
    if (!token.startsWith('<')) {
      const holdsText = junitSchema[open.at(-1) ?? '']?.children.includes('#text') === true;
      if (token.trim() !== '' && !holdsText) throw new Error(`text in ${open.at(-1)}: ${token}`);
    } else if (token.startsWith('</')) {
      if (token !== `</${open.pop()}>`) throw new Error(`${token} closes nothing`);
    } else {
      elements++;
      const name = checkElement(token, open.at(-1));
      if (!token.endsWith('/>')) open.push(name);
    }
  }
  if (open.length > 0) throw new Error(`${open.join(', ')} left open`);
  return elements;
}

function checkElement(token: string, parent: string | undefined): string {
  const name = /^<([\w-]+)/.exec(token)?.[1] ?? '';
  const rules = junitSchema[name];
  const isAllowed = parent === undefined || junitSchema[parent]?.children.includes(name) === true;
  if (rules === undefined || !isAllowed) throw new Error(`${name} in ${parent}`);
  const given = [...token.matchAll(/ ([\w-]+)="[^"<]*"/g)].map((match) => match[1] ?? '');
  const allowed = rules.attributes.map((attribute) => attribute.replace('!', ''));
  const required = rules.attributes.filter((attribute) => attribute.endsWith('!')).map((each) => each.slice(0, -1));
  for (const attribute of given) if (!allowed.includes(attribute)) throw new Error(`${attribute} of ${name}`);
  for (const attribute of required) if (!given.includes(attribute)) throw new Error(`${name} lacks ${attribute}`);
  return name;
}
