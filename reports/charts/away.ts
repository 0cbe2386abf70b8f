// When a fault had a server or a service away → a shade behind the panels of a chart over time.
import type { TrialRecord } from '../../harness/contract/record.ts';
import { formatNumber } from '../../harness/contract/units.ts';
import type { Frame, Spec } from './chart.ts';

/** In seconds of the window. */
export interface Away {
  readonly fromSeconds: number;
  readonly untilSeconds: number;
  /** Of a rolling deploy no more than one node was away at a time. */
  readonly isDeploy: boolean;
}

interface Placed {
  readonly away: Away | null;
  readonly frame: Frame;
  /** The panel's. */
  readonly encoding: Spec;
  readonly heightPx: number;
}

/** `null` for a trial without a fault, or with one that took no time. */
export function awayIn({ events, settings }: TrialRecord): Away | null {
  const fault = events.find(({ kind }) => kind === 'fault');
  if (fault === undefined || fault.untilUs === null) return null;
  return { fromSeconds: fault.atUs / 1e6, untilSeconds: fault.untilUs / 1e6, isDeploy: settings.fault === 'rolling' };
}

/** The time in which something was away, shaded. */
export function awayShade({ away, frame, encoding }: Omit<Placed, 'heightPx'>): Spec[] {
  if (away === null) return [];
  const x = encoding.x ?? null;
  return [
    {
      data: { values: [{ at: away.fromSeconds, until: away.untilSeconds }] },
      mark: { type: 'rect', color: frame.theme.storm.outage },
      encoding: { x, x2: { field: 'until' } },
    },
  ];
}

/** How long that was, in its middle. */
export function awayWords({ away, frame, encoding, heightPx }: Placed): Spec[] {
  if (away === null) return [];
  const { fromSeconds, untilSeconds, isDeploy } = away;
  const words = `${isDeploy ? 'deploy' : 'away'} ${formatNumber(Math.round((untilSeconds - fromSeconds) * 10) / 10)} s`;
  return [
    {
      data: { values: [{ at: (fromSeconds + untilSeconds) / 2, words }] },
      mark: { type: 'text', align: 'center', baseline: 'middle', color: frame.theme.grey.ink },
      encoding: { x: encoding.x ?? null, y: { value: heightPx / 2 }, text: { field: 'words' } },
    },
  ];
}
