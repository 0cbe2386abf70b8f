// Text from a record → text that cannot act: control and direction characters are shown, not obeyed.
// Escaping for a dialect (HTML, markdown) happens where that dialect is written.
import type { RunRecord } from '../harness/contract/record.ts';

/** Controls, and what reorders or hides text (Unicode TR 36 and TR 9, "Trojan Source"), and halves of characters. */
const acting = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** The text with each acting character written out as `⟨U+202E⟩`; a line break or tab becomes a space. */
function inertText(text: string): string {
  return text.replace(/\r\n|[\r\n\t]/g, ' ').replace(acting, (character) => {
    const point = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    return `⟨U+${point}⟩`;
  });
}

/** A record whose every text is inert, keys included. */
export function inertRecord(record: RunRecord): RunRecord {
  return inertValue(record) as RunRecord;
}

function inertValue(value: unknown): unknown {
  if (typeof value === 'string') return inertText(value);
  if (Array.isArray(value)) return typeof value[0] === 'number' ? value : value.map(inertValue);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [inertText(key), inertValue(inner)]));
}

/** The text, or its two ends around `…` when it has more than `limit` characters. */
export function shorten(text: string, limit: number): string {
  const characters = [...text];
  if (characters.length <= limit) return text;
  const head = Math.ceil((limit - 1) / 2);
  const tail = limit - 1 - head;
  return `${characters.slice(0, head).join('')}…${tail > 0 ? characters.slice(-tail).join('') : ''}`;
}
