// A contender of a run → a short line in its colour and pattern, as the charts draw it.
import { looksOf } from '../charts/chart.ts';
import { pageTheme } from '../charts/theme.ts';
import type { Run } from '../run.ts';

/** The line as SVG; empty where the row is none of the run's contenders. */
export function seriesKey({ contenders }: Run, row: number): string {
  const look = looksOf(contenders)[row];
  if (look === undefined) return '';
  const { mark } = pageTheme().series(look.transport, look.variant);
  const dash = look.variant === 0 ? '' : ` stroke-dasharray="${look.dash.join(' ')}"`;
  return `<svg class="key" aria-hidden="true" viewBox="0 0 20 10"><path d="M0 5h20" stroke="${mark}" stroke-width="3"${dash}/></svg>`;
}
