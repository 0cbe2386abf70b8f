// When a fault had a server or a service away → a shade behind the panels of a chart over time.
import type { TrialRecord } from '../../harness/contract/record.ts';
import { formatNumber } from '../../harness/contract/units.ts';
import type { Frame, Spec } from './chart.ts';

/** In seconds of the window. */
export interface Away {
  readonly fromSeconds: number;
  readonly untilSeconds: number;
}

/** `null` for a trial without a fault, or with one that took no time. */
export function awayIn({ events }: TrialRecord): Away | null {
  const fault = events.find(({ kind }) => kind === 'fault');
  if (fault === undefined || fault.untilUs === null) return null;
  return { fromSeconds: fault.atUs / 1e6, untilSeconds: fault.untilUs / 1e6 };
}

/** The time in which something was away, shaded; in words where it is seen first. */
export function awayLayers(
  away: Away | null,
  { frame, encoding, isFirst }: { frame: Frame; encoding: Spec; isFirst: boolean },
): Spec[] {
  if (away === null) return [];
  const { grey, storm } = frame.theme;
  const words = `away ${formatNumber(Math.round((away.untilSeconds - away.fromSeconds) * 10) / 10)} s`;
  const data = { values: [{ at: away.fromSeconds, until: away.untilSeconds, words }] };
  const x = encoding.x ?? null;
  return [
    { data, mark: { type: 'rect', color: storm.outage }, encoding: { x, x2: { field: 'until' } } },
    ...(isFirst
      ? [
          {
            data,
            mark: { type: 'text', align: 'left', baseline: 'top', dx: 4, color: grey.sub },
            encoding: { x, y: { value: 3 }, text: { field: 'words' } },
          },
        ]
      : []),
  ];
}
