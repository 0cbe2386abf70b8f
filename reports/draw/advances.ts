// A TrueType font → the advance width of each character (OpenType 1.9: tables head, hhea, hmtx, cmap formats 4 and 12).

export interface Advances {
  readonly unitsPerEm: number;
  /** In font units; `null` for a character the font lacks. */
  of(codePoint: number): number | null;
}

/** Reads a font's widths. Throws a RangeError when it is no TrueType font. */
export function readAdvances(ttf: Uint8Array): Advances {
  const view = new DataView(ttf.buffer, ttf.byteOffset, ttf.byteLength);
  const tables = readDirectory(view);
  const table = (tag: string) => {
    const offset = tables.get(tag);
    if (offset === undefined) throw new RangeError(`the font has no table ${tag}; expected a TrueType font`);
    return offset;
  };
  const metricCount = view.getUint16(table('hhea') + 34);
  const hmtx = table('hmtx');
  const glyphs = readGlyphs(view, table('cmap'));
  return {
    unitsPerEm: view.getUint16(table('head') + 18),
    of: (codePoint) => {
      const glyph = glyphs.get(codePoint);
      // Glyphs beyond the last metric share its advance.
      return glyph === undefined ? null : view.getUint16(hmtx + 4 * Math.min(glyph, metricCount - 1));
    },
  };
}

function readDirectory(view: DataView): Map<string, number> {
  const tables = new Map<string, number>();
  for (let index = 0; index < view.getUint16(4); index++) {
    const entry = 12 + 16 * index;
    const tag = String.fromCharCode(...[0, 1, 2, 3].map((byte) => view.getUint8(entry + byte)));
    tables.set(tag, view.getUint32(entry + 8));
  }
  return tables;
}

/** Character → glyph, from every Unicode subtable of a format that fonts use today. */
function readGlyphs(view: DataView, cmap: number): Map<number, number> {
  const glyphs = new Map<number, number>();
  for (let index = 0; index < view.getUint16(cmap + 2); index++) {
    const subtable = cmap + view.getUint32(cmap + 4 + 8 * index + 4);
    const format = view.getUint16(subtable);
    if (format === 4) readSegments(view, subtable, glyphs);
    if (format === 12) readGroups(view, subtable, glyphs);
  }
  return glyphs;
}

function readSegments(view: DataView, subtable: number, glyphs: Map<number, number>): void {
  const doubled = view.getUint16(subtable + 6);
  const ends = subtable + 14;
  const starts = ends + doubled + 2;
  for (let at = 0; at < doubled; at += 2) {
    const delta = view.getUint16(starts + doubled + at);
    const rangeAt = starts + 2 * doubled + at;
    const range = view.getUint16(rangeAt);
    const start = view.getUint16(starts + at);
    for (let point = start; point <= view.getUint16(ends + at) && point < 0xffff; point++) {
      const raw = range === 0 ? point : view.getUint16(rangeAt + range + 2 * (point - start));
      const glyph = raw === 0 ? 0 : (raw + delta) & 0xffff;
      if (glyph !== 0) glyphs.set(point, glyph);
    }
  }
}

function readGroups(view: DataView, subtable: number, glyphs: Map<number, number>): void {
  for (let index = 0; index < view.getUint32(subtable + 12); index++) {
    const group = subtable + 16 + 12 * index;
    const start = view.getUint32(group);
    for (let point = start; point <= view.getUint32(group + 4); point++) {
      glyphs.set(point, view.getUint32(group + 8) + point - start);
    }
  }
}
