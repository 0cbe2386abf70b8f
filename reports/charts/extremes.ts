// Contenders and a number of each → the highest and the lowest, for titles that must stay true of odd data.
import { shorten } from '../inert.ts';
import type { Contender } from '../run.ts';

const titleLabelLimit = 36;

interface Named {
  readonly label: string;
  readonly value: number;
}

export interface Extremes {
  readonly most: Named;
  readonly least: Named;
  /** How many contenders have a number. */
  readonly count: number;
  /** The highest is less than 10 % above the lowest, so that naming a difference would say too much. */
  readonly alike: boolean;
}

/** The extremes, or `null` when no contender has a number. */
export function extremesOf(
  contenders: readonly Contender[],
  read: (contender: Contender) => number | null,
): Extremes | null {
  const named = contenders.flatMap((contender) => {
    const value = read(contender);
    return value === null ? [] : [{ label: shorten(contender.label, titleLabelLimit), value }];
  });
  if (named.length === 0) return null;
  const values = named.map(({ value }) => value);
  const [high, low] = [Math.max(...values), Math.min(...values)];
  return {
    most: { label: labelsAt(named, high, 'contenders'), value: high },
    least: { label: labelsAt(named, low, 'others'), value: low },
    count: named.length,
    alike: named.length > 1 && high <= low * 1.1,
  };
}

/** `polling asked` → `Polling asked`. */
export function capitalise(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}

/** All that read the same, since naming one of them would single it out. */
function labelsAt(named: readonly Named[], value: number, many: 'contenders' | 'others'): string {
  const labels = named.filter((each) => Math.abs(each.value - value) <= 0.005 * value).map(({ label }) => label);
  const last = labels.pop() ?? '';
  if (labels.length > 2) return `${labels.length + 1} ${many}`;
  return labels.length === 0 ? last : `${labels.join(', ')} and ${last}`;
}
