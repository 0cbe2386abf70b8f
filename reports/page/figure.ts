// A chart and its drawings → a figure of the page: the finding, the picture for a desk and for a phone, and its data as a table.
import type { Chart } from '../charts/chart.ts';
import { escapeHtml } from '../escape.ts';
import { keepUnits } from '../figures.ts';
import { renderDataTable } from './data-table.ts';

/** A chart and its two drawings, for a desk and for a phone. */
export interface PageChart {
  readonly chart: Chart;
  readonly wideSvg: string;
  readonly narrowSvg: string;
}

/** The figure. */
export function renderFigure({ chart, wideSvg, narrowSvg }: PageChart): string {
  const data = renderDataTable({
    caption: `Data of the chart: ${chart.title}`,
    columns: chart.data.columns.map((heading, index) => ({ heading, numeric: index > 0 })),
    rows: chart.data.rows,
  });
  return `<figure>
<figcaption><h3>${escapeHtml(keepUnits(chart.title))}</h3><p>${escapeHtml(keepUnits(chart.subtitle))}</p></figcaption>
<div class="plot wide">${wideSvg}</div><div class="plot narrow">${narrowSvg}</div>
<details><summary>Data of this chart</summary>${data}</details>
</figure>`;
}
