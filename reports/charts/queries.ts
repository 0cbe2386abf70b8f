// A run → database queries a minute by contender: measured dot, theory mark, logarithmic from 0.

import { formatNumber } from '../../harness/contract/units.ts';
import { formatDeviation } from '../figures.ts';
import { type Contender, numberOf, type Run } from '../run.ts';
import { readScalar } from '../table.ts';
import { compactLabels, symlogTicks } from './axes.ts';
import {
  type Chart,
  type Frame,
  fitLabel,
  hitName,
  type Look,
  looksOf,
  type Spec,
  textSizePx,
  widestOf,
} from './chart.ts';
import { capitalise, extremesOf } from './extremes.ts';

interface Row {
  readonly label: string;
  readonly look: Look;
  readonly value: number | null;
  readonly expected: number | null;
  readonly reason: string;
}

/** The chart, or `null` when no contender's queries were counted. */
export function queriesChart(run: Run): Chart | null {
  const looks = looksOf(run.contenders);
  const rows = run.contenders.flatMap((contender, index) => {
    const look = looks[index];
    return look === undefined ? [] : [rowOf(contender, look)];
  });
  const title = titleOf(run.contenders);
  if (title === null) return null;
  return {
    name: 'database-queries',
    title,
    subtitle: ['Database queries a minute (log scale)', ...run.conditions].join(' · '),
    alternative: `${title}. ${rows.map((row) => `${row.label}: ${[measuredText(row), theoryText(row)].join(' ').trim()}`).join('; ')}.`,
    data: {
      columns: ['contender', 'queries/min', 'theory', 'deviation'],
      rows: rows.map((row) => [
        row.label,
        measuredText(row),
        row.expected === null ? '–' : formatNumber(row.expected),
        deviationText(row),
      ]),
    },
    specFor: (frame) => specOf(rows, frame),
  };
}

function rowOf(contender: Contender, look: Look): Row {
  const { value, reason } = readScalar(contender, 'db.queriesPerMinute');
  return {
    label: contender.label,
    look,
    value,
    expected: contender.figures['db.queriesPerMinute']?.expected ?? null,
    reason,
  };
}

function titleOf(contenders: readonly Contender[]): string | null {
  const extremes = extremesOf(contenders, (contender) => numberOf(contender, 'db.queriesPerMinute'));
  if (extremes === null) return null;
  const { most, least } = extremes;
  const asked = `asked Postgres ${formatNumber(most.value)} ${most.value === 1 ? 'time' : 'times'} a minute`;
  if (extremes.count === 1) return capitalise(`${most.label} ${asked}`);
  return extremes.alike
    ? `All contenders ${asked}, or nearly so`
    : capitalise(`${most.label} ${asked}, ${least.label} ${formatNumber(least.value)}`);
}

function specOf(rows: readonly Row[], frame: Frame): Spec {
  const rowHeight = frame.narrow ? 44 : 34;
  const left = frame.narrow
    ? 0
    : Math.min(
        widestOf(
          rows.map((row) => row.label),
          frame,
          600,
        ),
        frame.width * 0.3,
      ) + 14;
  const right = frame.narrow
    ? 8
    : widestOf(
        rows.map((row) => measuredText(row) + theoryText(row)),
        frame,
        600,
      ) + 20;
  const width = Math.round(frame.width - left - right);
  const height = rows.length * rowHeight;
  const max = Math.max(10, ...rows.flatMap((row) => [row.value ?? 0, row.expected ?? 0]));
  const positionOf = (value: number) => (Math.log1p(value) / Math.log1p(max)) * width;
  const values = rows.map((row, index) => {
    const top = index * rowHeight;
    const y = top + (frame.narrow ? 30 : rowHeight / 2);
    const colour = frame.theme.series(row.look.transport, row.look.variant);
    const textX = frame.narrow ? frame.width - 8 : positionOf(Math.max(row.value ?? 0, row.expected ?? 0)) + 12;
    const measured = measuredText(row);
    const theory = theoryText(row);
    return {
      label: fitLabel(row.label, frame.narrow ? frame.width * 0.5 : left - 14, frame),
      labelY: frame.narrow ? top + 10 : y,
      y,
      value: row.value,
      expected: row.expected,
      mark: colour.mark,
      text: colour.text,
      measured,
      measuredX: frame.narrow ? textX - (theory === '' ? 0 : frame.measure(theory, textSizePx, 400) + 4) : textX,
      theory,
      theoryX: frame.narrow ? textX : textX + frame.measure(measured, textSizePx, 600) + 4,
      tip: `${row.label}: ${measured} queries/min ${theory}`.trim(),
    };
  });
  return {
    width,
    height,
    data: { values },
    layer: [
      ...plotLayers(max, frame),
      ...textLayers(frame),
      ...legendLayers(frame),
      ...(frame.interactive ? [hitLayer] : []),
    ],
  };
}

const pixelY = { field: 'y', type: 'quantitative', scale: null, axis: null } as const;

function plotLayers(max: number, frame: Frame): Spec[] {
  const ticks = symlogTicks(max, frame.narrow ? 5 : 8);
  const x = {
    field: 'value',
    type: 'quantitative',
    scale: { type: 'symlog', domain: [0, max], nice: false },
    axis: { values: ticks, labelExpr: compactLabels, title: null },
  } as const;
  const colour = { field: 'mark', type: 'nominal', scale: null } as const;
  return [
    {
      mark: { type: 'rule', strokeWidth: 2.5, opacity: 0.45 },
      encoding: { x, x2: { datum: 0 }, y: pixelY, color: colour },
    },
    {
      transform: [{ filter: 'isValid(datum.expected)' }],
      mark: { type: 'tick', orient: 'vertical', thickness: 2, size: 24, opacity: 1, color: frame.theme.grey.ink },
      encoding: { x: { ...x, field: 'expected' }, y: pixelY },
    },
    { mark: { type: 'point', filled: true, size: 110, opacity: 1 }, encoding: { x, y: pixelY, color: colour } },
  ];
}

function textLayers(frame: Frame): Spec[] {
  const at = (field: string) => ({ field, type: 'quantitative', scale: null, axis: null }) as const;
  const side = frame.narrow ? 'right' : 'left';
  const y = frame.narrow ? at('labelY') : pixelY;
  return [
    {
      mark: { type: 'text', align: frame.narrow ? 'left' : 'right', baseline: 'middle', fontWeight: 600 },
      encoding: {
        x: { value: frame.narrow ? 0 : -12 },
        y: at('labelY'),
        text: { field: 'label' },
        color: { field: 'text', type: 'nominal', scale: null },
      },
    },
    {
      mark: { type: 'text', align: side, baseline: 'middle', fontWeight: 600, color: frame.theme.grey.ink },
      encoding: { x: at('measuredX'), y, text: { field: 'measured' } },
    },
    {
      mark: { type: 'text', align: side, baseline: 'middle', color: frame.theme.grey.sub },
      encoding: { x: at('theoryX'), y, text: { field: 'theory' } },
    },
  ];
}

function legendLayers({ theme }: Frame): Spec[] {
  const place = (x: number) => ({ x: { value: x }, y: { value: -16 } });
  const text = (label: string, x: number): Spec => ({
    data: { values: [{}] },
    mark: { type: 'text', align: 'left', baseline: 'middle', color: theme.grey.sub, text: label },
    encoding: place(x),
  });
  return [
    {
      data: { values: [{}] },
      mark: { type: 'point', filled: true, size: 70, opacity: 1, color: theme.grey.sub },
      encoding: place(5),
    },
    text('measured', 14),
    {
      data: { values: [{}] },
      mark: { type: 'tick', orient: 'vertical', thickness: 2, size: 14, opacity: 1, color: theme.grey.ink },
      encoding: place(84),
    },
    text('theory', 92),
  ];
}

const hitLayer: Spec = {
  name: hitName,
  mark: { type: 'point', filled: true, size: 900, opacity: 0, aria: true },
  encoding: {
    x: { field: 'value', type: 'quantitative' },
    y: pixelY,
    color: { field: 'mark', type: 'nominal', scale: null },
    description: { field: 'tip' },
  },
};

function measuredText(row: Row): string {
  return row.value === null ? '– not measured' : formatNumber(row.value);
}

function theoryText(row: Row): string {
  return row.expected === null ? '' : `· theory ${formatNumber(row.expected)}`;
}

function deviationText(row: Row): string {
  return row.value === null || row.expected === null ? '–' : formatDeviation(row.value, row.expected, '1/min');
}
