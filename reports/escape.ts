// Text → the same text as literal content of HTML, markdown or a Mermaid string. Expects inert text (inert.ts).

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** For HTML and XML, in content and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

/** A setting of a contender; what is longer is none, and must break somewhere. */
const longestPiece = 28;

/** The same, and a long spelling may break before each `+`, not at the hyphens between. */
export function escapeBreakable(text: string): string {
  const pieces = text.split(/(?=\+)/).map((piece) => {
    const isHyphenated = piece.includes('-') && piece.length <= longestPiece;
    return isHyphenated ? `<span class="piece">${escapeHtml(piece)}</span>` : escapeHtml(piece);
  });
  return pieces.join('<wbr>');
}

const zeroWidthSpace = '&#8203;';

/** For GitHub markdown, within a line: nothing formats, links, mentions a person or refers to an issue. */
export function escapeMarkdown(text: string): string {
  return text.replace(/[&<>\\`*_[\]|~$]|@|#(?=\d)|:(?=\/\/)|(?<=www)\./gi, (character) => {
    if ('@#:.'.includes(character)) return `${character}${zeroWidthSpace}`;
    return entities[character] ?? `\\${character}`;
  });
}

/** For a code block: the text cannot end its fence. */
export function fenceMarkdown(text: string, language: string): string {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}\n`;
}

/** For a quoted string in a Mermaid diagram, which knows no escapes: what could end it becomes a blank. */
export function quoteMermaid(text: string): string {
  return `"${text.replace(/[^\p{L}\p{N} +=.,:·–\-_/%()]/gu, ' ').trim() || ' '}"`;
}
