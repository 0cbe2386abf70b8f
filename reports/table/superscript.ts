// A footnote's number → its mark in plain text.
const digits = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** `¹²` of 12; nothing of `null`. */
export function superscript(note: number | null): string {
  return note === null ? '' : String(note).replace(/\d/g, (digit) => digits[Number(digit)] ?? digit);
}
