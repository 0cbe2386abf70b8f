// A run at several scales whose scenario names its figures → a panel for each of them: a line a contender, with its end in numbers.
import { formatCell, unmeasuredMark } from '../figures.ts';
import type { Run, Sweep } from '../run.ts';
import { namedFigures, type ScaledFigure, scaledFigures } from '../scaling/figures.ts';
import { type Chart, looksOf } from './chart.ts';
import { capitalise } from './extremes.ts';
import { pointsOf, type ScaledPanel, scaledPanels } from './scaled-panels.ts';

/** The chart, or `null` when the run swept nothing, its scenario names no figures, or none was measured. */
export function scaledFiguresChart(run: Run): Chart | null {
  const { sweep } = run;
  const columns = namedFigures(run);
  if (sweep === null || columns === null) return null;
  const panels = columns
    .map((column): ScaledPanel => {
      const figures = scaledFigures(sweep, column);
      const looks = looksOf(figures.map(({ contender }) => contender));
      return {
        heading: column.heading,
        lines: figures.flatMap((figure, index) => {
          const look = looks[index];
          return look === undefined ? [] : [{ figure, look }];
        }),
        format: (value) => formatCell(value, column.unit),
      };
    })
    .filter(({ lines }) => lines.some(({ figure }) => pointsOf(figure).length > 0));
  const [first] = panels;
  if (first === undefined) return null;
  const title = titleOf(sweep, first);
  const varied = sweep.axis.say(sweep.compared);
  const shared = run.conditions.filter((phrase) => !varied.endsWith(phrase));
  return {
    name: 'figures-by-scale',
    title,
    subtitle: [`By ${sweep.axis.name}, each panel on its own scale from 0`, ...shared].join(' · '),
    alternative: `${title}. ${panels.map((panel) => `${capitalise(panel.heading)}: ${panel.lines.map(({ figure }) => `${figure.contender.name} ${textsOf(sweep, panel, figure).join(', ')}`).join('; ')}`).join('. ')}.`,
    data: {
      columns: ['figure', ...sweep.scales.map(({ load }) => sweep.axis.say(load))],
      rows: panels.flatMap((panel) =>
        panel.lines.map(({ figure }) => [
          `${panel.heading}, ${figure.contender.name}`,
          ...textsOf(sweep, panel, figure),
        ]),
      ),
    },
    specFor: (frame) => scaledPanels(sweep, panels, frame),
  };
}

function textsOf({ scales }: Sweep, { format }: ScaledPanel, { readings }: ScaledFigure): string[] {
  return scales.map(({ load }) => {
    const value = readings.get(load)?.value ?? null;
    return value === null ? unmeasuredMark : format(value);
  });
}

/** The first figure of the contender in which it ends highest, and of the one in which it ends lowest. */
function titleOf({ axis }: Sweep, { heading, lines, format }: ScaledPanel): string {
  const ends = lines.flatMap(({ figure }) => {
    const points = pointsOf(figure);
    const [from, to] = [points[0], points.at(-1)];
    return from === undefined || to === undefined ? [] : [{ name: figure.contender.name, from, to }];
  });
  const sorted = ends.toSorted((a, b) => a.to.value - b.to.value);
  const [least, most] = [sorted[0], sorted.at(-1)];
  if (least === undefined || most === undefined) return capitalise(heading);
  const worst = `${capitalise(heading)} of ${most.name}: ${format(most.from.value)} with ${axis.say(most.from.load)}, ${format(most.to.value)} with ${axis.say(most.to.load)}`;
  return least === most ? worst : `${worst}; of ${least.name} ${format(least.to.value)}`;
}
