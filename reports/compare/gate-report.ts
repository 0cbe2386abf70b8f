// A gate → its words, its tables, its checks: for a terminal, summary.md and JUnit.
import { formatNumber } from '../../harness/contract/units.ts';
import { counted } from '../conditions.ts';
import { escapeMarkdown } from '../escape.ts';
import type { Check } from '../exports/junit.ts';
import { formatDeviation, formatWithUnit, unmeasuredMark } from '../figures.ts';
import { fewestPairs } from '../statistics/paired-gate.ts';
import { renderMarkdownTable } from '../table/markdown.ts';
import { renderTerminalTable, type TerminalStyle } from '../table/terminal.ts';
import { wrapText } from '../table/text-width.ts';
import type { Table } from '../table.ts';
import { checksOf } from './checks.ts';
import type { ContenderFinding, Gate } from './gate.ts';
import { describeFailure, isGated } from './words.ts';

/** What the gate comes to. */
export function concludeGate({ outcome, failures, findings, unmeasured, comparison }: Gate): string[] {
  const gated = comparison.contenders.flatMap(({ changes }) => changes.filter(isGated));
  const slower = findings.filter((finding) => finding.outcome === 'fail');
  const open = findings.filter((finding) => finding.outcome === 'inconclusive');
  const few = open.filter(({ pairs }) => pairs < fewestPairs);
  const noisy = open.length - few.length;
  const sentences = [
    ...failures.map((failure) => `${describeFailure(failure)}.`),
    ...slower.map(
      (finding) => `${finding.name} is ${formatRatio(finding.ratio)} (at least ${formatRatio(finding.lower)}).`,
    ),
    outcome === 'pass'
      ? `None of ${counted(gated.length, 'deterministic figure')} got worse${findings.length > 0 ? `, nor any of ${counted(findings.length, 'timing')}` : ''}.`
      : '',
    noisy > 0
      ? `${counted(noisy, 'timing')} ${noisy === 1 ? 'is' : 'are'} inconclusive: these pairs vary too much to exclude a worsening by 5 %.`
      : '',
    ...few.map(
      ({ name, pairs, lacks }) =>
        `${name} is inconclusive: it needs ${counted(fewestPairs, 'pair')} and has ${pairs}${lacks.length > 0 ? ` (${lacks.join('; ')})` : ''}.`,
    ),
    ...unmeasured.map(({ contender, metric, reason }) => `${contender} ${metric} was never measured (${reason}).`),
    ...findings.flatMap(({ name, floor, unit }) =>
      floor === null
        ? []
        : [`${name} hides in noise below ${formatWithUnit(floor, unit)}: a change is seen only beyond that.`],
    ),
  ];
  return [`Gate: ${outcome.toUpperCase()}.`, ...sentences.filter((sentence) => sentence !== '')];
}

/** For a terminal. */
export function renderGate(gate: Gate, paths: readonly string[], style: TerminalStyle): string {
  const { baseline, candidate } = gate.comparison;
  const blocks = [
    concludeGate(gate)
      .flatMap((line) => wrapText(line, 80))
      .join('\n'),
    wrapText(`Baseline ${baseline.git}, candidate ${candidate.git}`, 80).join('\n'),
    ...gateTables(gate).map((table) => renderTerminalTable(table, style).trim()),
    gate.comparison.remarks.flatMap((remark) => wrapText(remark, 80)).join('\n'),
    paths.join('\n'),
  ];
  return blocks.filter((block) => block !== '').join('\n\n');
}

/** summary.md. */
export function renderGateSummary(gate: Gate): string {
  const { baseline, candidate } = gate.comparison;
  return [
    `## Freshet gate: ${gate.outcome}\n`,
    concludeGate(gate)
      .slice(1)
      .map((line) => `- ${escapeMarkdown(line)}\n`)
      .join(''),
    `${escapeMarkdown(`Baseline ${baseline.git}, candidate ${candidate.git}`)}\n`,
    ...gateTables(gate).map(renderMarkdownTable),
    gate.comparison.remarks.map((remark) => `- ${escapeMarkdown(remark)}\n`).join(''),
  ].join('\n');
}

/** The deterministic figures and the timings; an inconclusive one is skipped, not passed. */
export function gateChecks(gate: Gate): Check[] {
  const deterministic = checksOf(gate.comparison, []).filter(({ name }) => name.startsWith('●'));
  const outcomes = { pass: 'passed', fail: 'failed', inconclusive: 'skipped' } as const;
  const timings = gate.findings.map((finding) => ({
    suite: finding.contender,
    name: finding.metric,
    outcome: outcomes[finding.outcome],
    message: [
      `${formatRatio(finding.ratio)}, ${formatBounds(finding)}`,
      `noise ${formatNoise(finding, 'noise')}, would have seen ${formatNoise(finding, 'smallest')}`,
      counted(finding.pairs, 'pair'),
      ...finding.lacks,
    ].join(', '),
  }));
  const unmeasured = gate.unmeasured.map(({ contender, metric, reason }) => ({
    suite: contender,
    name: metric,
    outcome: 'skipped' as const,
    message: `never measured: ${reason}`,
  }));
  return [...deterministic, ...timings, ...unmeasured];
}

function gateTables({ findings }: Gate): Table[] {
  const contenders = [...new Set(findings.map(({ contender }) => contender))];
  return contenders.map((contender) =>
    tableOfContender(
      contender,
      findings.filter((each) => each.contender === contender),
    ),
  );
}

function tableOfContender(contender: string, findings: readonly ContenderFinding[]): Table {
  return {
    caption: `${contender}: timings in pairs`,
    rowHeading: contender,
    columns: [
      column('change', 'How much worse the candidate is: the centre of the pairs (Hodges–Lehmann)'),
      column('90 % interval', 'Exact bounds of the change'),
      column('noise', 'Standard deviation between pairs'),
      column('sees', 'The smallest worsening that these pairs would have failed in four of five runs'),
      column('', 'Whether it fails'),
    ],
    rows: findings.map((finding) => ({
      label: finding.metric,
      transport: 'polling',
      cells: [
        formatRatio(finding.ratio),
        formatBounds(finding),
        formatNoise(finding, 'noise'),
        formatNoise(finding, 'smallest'),
        finding.outcome === 'fail' ? 'FAIL' : finding.outcome,
      ].map((text) => ({ text, note: null })),
    })),
    footnotes: [],
    remarks: [
      pairsText(findings),
      ...findings.flatMap(({ metric, lacks }) => (lacks.length > 0 ? [`${metric}: ${lacks.join('; ')}`] : [])),
    ],
  };
}

/** Pairs with a trial that cannot be believed are left out. */
function pairsText(findings: readonly ContenderFinding[]): string {
  const counts = findings.map(({ pairs }) => pairs);
  const [fewest, most] = [Math.min(...counts), Math.max(...counts)];
  return `From ${fewest === most ? '' : `${fewest} to `}${counted(most, 'pair')}`;
}

function column(heading: string, meaning: string): Table['columns'][number] {
  return { above: '', below: heading, heading, meaning };
}

/** `+12 %`. */
function formatRatio(ratio: number): string {
  return Number.isFinite(ratio) ? formatDeviation(ratio, 1, 'count') : unmeasuredMark;
}

function formatBounds({ lower, upper }: ContenderFinding): string {
  return lower === 0 || !Number.isFinite(upper) ? unmeasuredMark : `${formatRatio(lower)} to ${formatRatio(upper)}`;
}

/** `±3.2 %` without its sign; where a floor stands for what is hidden, pairs look quieter than they are. */
function formatNoise(finding: ContenderFinding, what: 'noise' | 'smallest'): string {
  const share = finding[what];
  return finding.floor === null && Number.isFinite(share) ? `${formatNumber(share * 100)} %` : unmeasuredMark;
}
