// A limit that fails a run, as `--threshold` and scenario files spell it: `CONTENDER.METRIC[.QUANTILE] < VALUE[unit]` → data, or one
// line for each that says nothing. Without a contender it holds for all of them.
import { type Comparison, parseComparison, parseSubject, spellComparison, splitComparison } from './comparison.ts';
import { suggest } from './settings.ts';

export interface Threshold extends Comparison {
  /** Its spelling; `null` for every contender. */
  readonly contender: string | null;
}

/** Reads them all, for a run of these contenders. `where` begins each problem. */
export function parseThresholds(
  texts: readonly string[],
  contenders: readonly string[],
  where = '--threshold',
): { thresholds: Threshold[]; problems: string[] } {
  const thresholds: Threshold[] = [];
  const problems: string[] = [];
  for (const text of texts) {
    const parsed = parseThreshold(text, contenders, where);
    if ('problem' in parsed) problems.push(parsed.problem);
    else thresholds.push(parsed.threshold);
  }
  return { thresholds, problems };
}

/** `websocket.freshnessUs.p99 < 250ms`. */
export function spellThreshold(threshold: Threshold): string {
  return (threshold.contender === null ? '' : `${threshold.contender}.`) + spellComparison(threshold);
}

function parseThreshold(
  text: string,
  contenders: readonly string[],
  where: string,
): { threshold: Threshold } | { problem: string } {
  const subject = splitComparison(text)?.subject ?? '';
  const contender = contenderOf(subject, contenders);
  if (contender === null) {
    const stranger = strangerOf(subject);
    if (stranger !== null)
      return {
        problem: `${where} '${text}': contender '${stranger}' is not measured; expected one of ${contenders.join(', ')}${suggest(stranger, contenders)}`,
      };
  }
  const rest = contender === null ? text : text.trimStart().slice(contender.length + 1);
  const parsed = parseComparison(contender === null ? where : `${where} for ${contender}:`, rest);
  return 'problem' in parsed ? parsed : { threshold: { contender, ...parsed.comparison } };
}

/** The contender before the metric; the longest, since one may be the beginning of another. */
function contenderOf(subject: string, contenders: readonly string[]): string | null {
  const fitting = contenders.filter((name) => subject.startsWith(`${name}.`));
  return fitting.sort((a, b) => b.length - a.length)[0] ?? null;
}

/** What stands before a metric that is known; contenders and metrics both may hold dots. */
function strangerOf(subject: string): string | null {
  if (isSubject(subject)) return null;
  const words = subject.split('.');
  const before = words.findIndex((_, index) => index > 0 && isSubject(words.slice(index).join('.')));
  return before === -1 ? null : words.slice(0, before).join('.');
}

function isSubject(text: string): boolean {
  return !('problem' in parseSubject(text));
}
