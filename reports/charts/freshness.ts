// A run → freshness by percentile, on HdrHistogram's axis x = 1 / (1 − p), logarithmic, so that the tail has room.

import { formatDurationUs, formatNumber } from '../../harness/contract/units.ts';
import { formatFigure } from '../figures.ts';
import { shorten } from '../inert.ts';
import { type DistributionFigure, isUnseen, isUnsure, quantileOf } from '../merge.ts';
import { numberOf, type Run } from '../run.ts';
import { durationLabels, logDomain, logPosition, logTicks } from './axes.ts';
import { type Chart, type Frame, fitLabel, hitName, type Look, labelHeightPx, type Spec, widestOf } from './chart.ts';
import { capitalise, extremesOf } from './extremes.ts';
import { type Curve, curvesOf, floorUs, longestOdds } from './freshness-curves.ts';
import { spreadLabels } from './labels.ts';

const tickQuantiles = [0, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999];
const tipQuantiles = [0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999];
/** The chart, or `null` when no contender has a freshness. */
export function freshnessChart(run: Run): Chart | null {
  const curves = curvesOf(run);
  const title = titleOf(run);
  if (curves.length === 0 || title === null) return null;
  const cutNote = curves.some(({ figure }) => figure.censored > 0) ? ['× the rest was not seen'] : [];
  const summary = curves.map(
    ({ label, figure }) => `${label}: p50 ${quantileText(figure, 0.5)}, p99 ${quantileText(figure, 0.99)}`,
  );
  return {
    name: 'freshness',
    title,
    subtitle: [
      'From a change until a client shows it, by percentile (log scales)',
      ...cutNote,
      ...clockNote(curves),
      ...run.conditions,
    ].join(' · '),
    alternative: `${title}. ${summary.join('; ')}.`,
    data: {
      columns: ['contender', 'p50', 'p90', 'p99', 'p99.9', 'observations', 'not seen'],
      rows: curves.map(({ label, figure }) => [
        label,
        ...[0.5, 0.9, 0.99, 0.999].map((quantile) => quantileText(figure, quantile)),
        formatNumber(figure.count),
        formatNumber(figure.censored),
      ]),
    },
    specFor: (frame) => specOf(curves, frame),
  };
}

/** Where agents ran the clients, and a curve may begin late for it. */
function clockNote(curves: readonly Curve[]): string[] {
  const known = curves.flatMap(({ figure: { uncertainty } }) => uncertainty ?? []);
  return known.length === 0
    ? []
    : [`± ${formatDurationUs(Math.max(...known))} by the clocks of agents, drawn from ten times that on`];
}

function titleOf(run: Run): string | null {
  // One whose median the clocks do not tell may be the fastest, or not.
  if (run.contenders.some(({ figures }) => isUnsure(figures.freshnessUs, 0.5)))
    return 'How fresh the screens were, as far as the clocks of the agents tell';
  const extremes = extremesOf(run.contenders, (contender) => numberOf(contender, 'freshnessUs'));
  if (extremes === null)
    return run.contenders.some(({ figures }) => figures.freshnessUs?.kind === 'distribution')
      ? 'Most changes were not seen by the end of the drain'
      : null;
  const { most, least } = extremes;
  const fastest = capitalise(
    `${least.label} had half of all changes, or newer ones, on screen within ${formatDurationUs(least.value)}`,
  );
  if (extremes.count === 1) return fastest;
  const late = lateText(run);
  if (late !== '') return `${fastest}${late}`;
  return extremes.alike
    ? `All contenders had half of all changes, or newer ones, on screen within ${formatDurationUs(most.value)}`
    : `${fastest}, ${most.label} within ${formatDurationUs(most.value)}`;
}

/** A contender without a median is slower than any that has one: leaving it out would flatter it. */
function lateText(run: Run): string {
  const late = run.contenders.filter((contender) => {
    const figure = contender.figures.freshnessUs;
    return isUnseen(figure, 0.5);
  });
  return late.length === 0
    ? ''
    : `; ${late.map(({ label }) => shorten(label, 36)).join(' and ')} had not shown half by the end`;
}

function specOf(curves: readonly Curve[], frame: Frame): Spec {
  const labels = curves.map(({ label }) => fitLabel(label, frame.width * (frame.narrow ? 0.34 : 0.3), frame));
  const left = frame.narrow ? 46 : 56;
  const width = Math.round(frame.width - left - widestOf(labels, frame, 600) - 14);
  const height = Math.max(frame.narrow ? 260 : 300, curves.length * labelHeightPx);
  const longest = Math.max(...curves.flatMap(({ points }) => points.map(({ odds }) => odds)));
  const domain = domainOf(curves);
  const ends = spreadLabels(
    curves.map(({ points }) => height - logPosition(points.at(-1)?.us ?? floorUs, domain, height)),
    {
      top: 0,
      bottom: height,
      distance: labelHeightPx,
    },
  );
  return {
    width,
    height,
    layer: [
      ...curves.map((curve) => lineLayer(curve, { frame, domain, longest })),
      ...curves.filter(({ figure }) => figure.censored > 0).map((curve) => cutMark(curve, { frame, domain, longest })),
      ...curves.map((curve, index) =>
        endLabel(labels[index] ?? '', curve.look, { frame, x: width + 8, y: ends[index] ?? 0 }),
      ),
      ...(frame.interactive ? [hitLayer(curves, { frame, domain, longest })] : []),
    ],
  };
}

/** From the first percentiles that matter: the very fastest observation would stretch the axis by decades. */
function domainOf(curves: readonly Curve[]): [number, number] {
  const early = curves.flatMap(({ points }) => points.filter(({ odds }) => odds >= 1.02).map(({ us }) => us));
  return logDomain(early.length > 0 ? early : curves.flatMap(({ points }) => points.map(({ us }) => us)));
}

interface Scales {
  readonly frame: Frame;
  readonly domain: readonly [number, number];
  readonly longest: number;
}

function encodingOf({ frame, domain, longest }: Scales): { readonly [key: string]: Spec } {
  const quantiles = tickQuantiles.filter(
    (quantile) => 1 / (1 - quantile) <= longest * 1.001 && !(frame.narrow && [0, 0.75, 0.95].includes(quantile)),
  );
  const odds = quantiles.map((quantile) => 1 / (1 - quantile));
  const percents = odds.reduceRight(
    (rest, value, index) =>
      `abs(datum.value / ${value} - 1) < 1e-6 ? '${percentText(quantiles[index] ?? 0)}' : ${rest}`,
    "''",
  );
  const ticks = logTicks(domain);
  return {
    x: {
      field: 'odds',
      type: 'quantitative',
      scale: { type: 'log', domain: [1, Math.max(longest, 2)], nice: false },
      axis: { values: odds, labelExpr: percents, title: null, grid: true },
    },
    y: {
      field: 'us',
      type: 'quantitative',
      scale: { type: 'log', domain: [...domain], nice: false },
      axis: { values: ticks, labelExpr: durationLabels(ticks), title: null, grid: true },
    },
  };
}

function lineLayer(curve: Curve, scales: Scales): Spec {
  const { mark } = scales.frame.theme.series(curve.look.transport, curve.look.variant);
  return {
    data: { values: curve.points.filter(({ us }) => us >= scales.domain[0]).map(({ odds, us }) => ({ odds, us })) },
    mark: {
      type: 'line',
      strokeWidth: 2.25,
      color: mark,
      strokeDash: curve.look.dash,
      strokeCap: 'butt',
      interpolate: 'linear',
    },
    encoding: encodingOf(scales),
  };
}

/** Where a curve ends because the rest of the changes was never seen. */
function cutMark(curve: Curve, scales: Scales): Spec {
  const last = curve.points.at(-1);
  const colour = scales.frame.theme.series(curve.look.transport, curve.look.variant);
  return {
    data: { values: last === undefined ? [] : [{ odds: last.odds, us: last.us }] },
    mark: {
      type: 'point',
      shape: 'M-1,-1L1,1M-1,1L1,-1',
      size: 30,
      strokeWidth: 2.25,
      color: colour.mark,
      filled: false,
      opacity: 1,
    },
    encoding: encodingOf(scales),
  };
}

function endLabel(text: string, look: Look, { frame, x, y }: { frame: Frame; x: number; y: number }): Spec {
  return {
    data: { values: [{ text }] },
    mark: {
      type: 'text',
      align: 'left',
      baseline: 'middle',
      fontWeight: 600,
      color: frame.theme.series(look.transport, look.variant).text,
    },
    encoding: { x: { value: x }, y: { value: y }, text: { field: 'text' } },
  };
}

function hitLayer(curves: readonly Curve[], scales: Scales): Spec {
  const values = curves.flatMap(({ label, figure, look }) =>
    tipQuantiles.flatMap((quantile) => {
      const odds = 1 / (1 - quantile);
      const us = odds <= longestOdds(figure) ? quantileOf(figure, quantile) : null;
      return us === null || us < scales.domain[0]
        ? []
        : [
            {
              odds,
              us,
              colour: scales.frame.theme.series(look.transport, look.variant).mark,
              tip: `${label}: ${percentText(quantile)} of changes within ${formatDurationUs(us)}`,
            },
          ];
    }),
  );
  const { x, y } = encodingOf(scales);
  return {
    name: hitName,
    data: { values },
    mark: { type: 'point', filled: true, size: 400, opacity: 0, aria: true },
    encoding: {
      ...(x && { x }),
      ...(y && { y }),
      color: { field: 'colour', type: 'nominal', scale: null },
      description: { field: 'tip' },
    },
  };
}

function percentText(quantile: number): string {
  return `${Number((quantile * 100).toFixed(2))} %`;
}

function quantileText(figure: DistributionFigure, quantile: number): string {
  return formatFigure(quantileOf(figure, quantile), 'us');
}
