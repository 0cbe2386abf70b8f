// Contenders or strategies and a number of each → the highest and the lowest, for titles that must stay true of odd data.
import { shorten } from '../inert.ts';

const titleLabelLimit = 60;

interface Named {
  readonly label: string;
  readonly value: number;
}

export interface Extremes {
  readonly most: Named;
  readonly least: Named;
  /** How many have a number. */
  readonly count: number;
  /** The highest is less than 10 % above the lowest, so that naming a difference would say too much. */
  readonly alike: boolean;
}

/** The extremes, or `null` when none has a number. */
export function extremesOf<Subject extends { readonly label: string }>(
  subjects: readonly Subject[],
  read: (subject: Subject) => number | null,
  noun: 'contenders' | 'strategies' = 'contenders',
): Extremes | null {
  const named = subjects.flatMap((subject) => {
    const value = read(subject);
    return value === null ? [] : [{ label: shorten(subject.label, titleLabelLimit), value }];
  });
  if (named.length === 0) return null;
  const values = named.map(({ value }) => value);
  const [high, low] = [Math.max(...values), Math.min(...values)];
  return {
    most: { label: labelsAt(named, high, noun), value: high },
    least: { label: labelsAt(named, low, 'others'), value: low },
    count: named.length,
    alike: named.length > 1 && high <= low * 1.1,
  };
}

/** `polling asked` → `Polling asked`; what is an abbreviation is so at the beginning of a sentence too. */
export function capitalise(sentence: string): string {
  if (/^sse\b/.test(sentence)) return sentence.replace('sse', 'SSE');
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}

/** `a`, `a and b`, `a, b and c`. */
export function joinWords(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`;
}

/** All that read the same, since naming one of them would single it out. */
function labelsAt(named: readonly Named[], value: number, many: 'contenders' | 'strategies' | 'others'): string {
  const labels = named.filter((each) => Math.abs(each.value - value) <= 0.005 * value).map(({ label }) => label);
  return labels.length > 3 ? `${labels.length} ${many}` : joinWords(labels);
}
