// A comparison whose scenario names its figures → a panel of bars for each of them: a picture for every scenario.
import { type Comparison, comparisonsOf } from '../comparison-table.ts';
import { formatCell } from '../figures.ts';
import type { Run } from '../run.ts';
import { type BarPanel, barPanels, barText } from './bar-panels.ts';
import { type Chart, looksOf } from './chart.ts';
import { capitalise, extremesOf } from './extremes.ts';

/** A chart for each such comparison that has a figure. */
export function figureCharts(run: Run): Chart[] {
  const comparisons = comparisonsOf(run).filter(({ named }) => named);
  return comparisons.flatMap((comparison) => {
    const chart = chartOf(run, comparison);
    if (chart === null) return [];
    const names = comparison.scenarios.map(({ name }) => name).join('-');
    return [comparisons.length > 1 ? { ...chart, name: `${chart.name}-${names}` } : chart];
  });
}

function chartOf(run: Run, { contenders, columns }: Comparison): Chart | null {
  const panels = columns
    .map(({ heading, unit, read }): BarPanel => {
      return { heading, read: (contender) => read(contender).value, format: (value) => formatCell(value, unit) };
    })
    .filter(({ read }) => contenders.some((contender) => read(contender) !== null));
  if (panels.length === 0) return null;
  const title = titleOf({ contenders }, panels);
  const looks = looksOf(run.contenders);
  const ownLooks = contenders.flatMap((contender) => looks[run.contenders.indexOf(contender)] ?? []);
  const cells = (contender: Comparison['contenders'][number]) => panels.map((panel) => barText(panel, contender));
  return {
    name: 'figures',
    title,
    subtitle: ['What the scenario compares, each panel on its own scale from 0', ...run.conditions].join(' · '),
    alternative: `${title}. ${contenders.map((contender) => `${contender.label}: ${panels.map((panel) => `${panel.heading} ${barText(panel, contender)}`).join(', ')}`).join('; ')}.`,
    data: {
      columns: ['contender', ...panels.map(({ heading }) => heading)],
      rows: contenders.map((contender) => [contender.label, ...cells(contender)]),
    },
    specFor: (frame) => barPanels(contenders, ownLooks, { panels, frame }),
  };
}

/** The first figure that tells contenders apart. */
function titleOf({ contenders }: Pick<Comparison, 'contenders'>, panels: readonly BarPanel[]): string {
  for (const { heading, read, format } of panels) {
    const extremes = extremesOf(contenders, read);
    if (extremes === null || extremes.count < 2 || extremes.alike) continue;
    const { most, least } = extremes;
    return `${capitalise(heading)}: ${most.label} ${format(most.value)}, ${least.label} ${format(least.value)}`;
  }
  return contenders.length === 1
    ? `What was measured of ${contenders[0]?.label}`
    : 'The contenders’ figures are the same, or nearly so';
}
