// What our clients cost over their number → an SVG: CPU of a message (or poll) by transport.
import type { Transport } from '../../harness/contract/record.ts';
import type { Chart, Frame, Spec } from '../../reports/charts/chart.ts';
import { labelHeightPx, widestOf } from '../../reports/charts/chart.ts';
import { spreadLabels } from '../../reports/charts/labels.ts';
import { loadFonts } from '../../reports/draw/fonts.ts';
import { drawStandalone } from '../../reports/draw/svg.ts';
import type { ClientCost, SwarmCosts } from './costs.ts';

interface Line {
  readonly transport: Transport;
  readonly points: readonly { readonly clients: number; readonly us: number }[];
}

const heightPx = 280;

/** Light, with a background of its own, so that it can be read on any page. */
export async function drawCosts({ costs }: SwarmCosts): Promise<string> {
  return drawStandalone(chartOf(linesOf(costs)), 'light', await loadFonts());
}

function linesOf(costs: readonly ClientCost[]): Line[] {
  const ours = costs.filter(({ client }) => client === 'freshet');
  return [...new Set(ours.map(({ transport }) => transport))].map((transport) => ({
    transport,
    points: ours
      .filter((cost) => cost.transport === transport)
      .flatMap(({ clients, receiveUs }) => (receiveUs === null ? [] : [{ clients, us: receiveUs.median }])),
  }));
}

function chartOf(lines: readonly Line[]): Chart {
  const counts = [...new Set(lines.flatMap(({ points }) => points.map(({ clients }) => clients)))].sort(
    (a, b) => a - b,
  );
  const figures = lines.map(
    ({ transport, points }) =>
      `${transport} ${points.map(({ clients, us }) => `${us.toFixed(1)} at ${clients}`).join(', ')}`,
  );
  return {
    name: 'swarm-cost',
    title: 'What a message costs a virtual client',
    subtitle:
      'CPU µs of the generator for each message received and recorded, or each poll · by number of clients in one process',
    alternative: `CPU microseconds for each message or poll, by number of clients: ${figures.join('; ')}`,
    data: {
      columns: ['clients', ...lines.map(({ transport }) => transport)],
      rows: counts.map((count) => [
        String(count),
        ...lines.map(({ points }) => points.find(({ clients }) => clients === count)?.us.toFixed(1) ?? '–'),
      ]),
    },
    specFor: (frame) => specOf(lines, counts, frame),
  };
}

function specOf(lines: readonly Line[], counts: readonly number[], frame: Frame): Spec {
  const width = Math.round(
    frame.width -
      40 -
      widestOf(
        lines.map(({ transport }) => transport),
        frame,
        600,
      ) -
      16,
  );
  const highest = Math.max(1, ...lines.flatMap(({ points }) => points.map(({ us }) => us))) * 1.08;
  const ends = spreadLabels(
    lines.map(({ points }) => heightPx * (1 - (points.at(-1)?.us ?? 0) / highest)),
    { top: 0, bottom: heightPx, distance: labelHeightPx },
  );
  const encoding: Spec = {
    x: {
      field: 'clients',
      type: 'quantitative',
      scale: { domain: [0, counts.at(-1) ?? 1], nice: false },
      axis: { values: [0, ...counts], format: ',d', title: 'clients', labelOverlap: true },
    },
    y: {
      field: 'us',
      type: 'quantitative',
      scale: { domain: [0, highest], nice: false },
      axis: { tickCount: 6, title: null, grid: true },
    },
  };
  return {
    width,
    height: heightPx,
    layer: lines.flatMap(({ transport, points }, index): Spec[] => {
      const { mark, text } = frame.theme.series(transport, 0);
      return [
        {
          data: { values: points.map(({ clients, us }) => ({ clients, us })) },
          mark: { type: 'line', strokeWidth: 2.25, color: mark, point: { color: mark, size: 40 } },
          encoding,
        },
        {
          data: { values: [{ text: transport }] },
          mark: { type: 'text', align: 'left', baseline: 'middle', fontWeight: 600, color: text },
          encoding: { x: { value: width + 10 }, y: { value: ends[index] ?? 0 }, text: { field: 'text' } },
        },
      ];
    }),
  };
}
