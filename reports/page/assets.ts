// Fonts → the page's one style sheet and one script, and the policy that allows these two and nothing else.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { cssVariables } from '../charts/theme.ts';
import type { Fonts } from '../draw/fonts.ts';

export interface Assets {
  readonly style: string;
  readonly script: string;
  /** Content-Security-Policy. */
  readonly policy: string;
}

/** Reads and assembles what the page carries inline. */
export async function loadAssets(fonts: Fonts): Promise<Assets> {
  const css = await readFile(new URL('./page.css', import.meta.url), 'utf8');
  const script = await readFile(new URL('./enhance.js', import.meta.url), 'utf8');
  const style = fontFaces(fonts) + themes() + css;
  const policy = [
    "default-src 'none'",
    `style-src '${hashOf(style)}'`,
    `script-src '${hashOf(script)}'`,
    'font-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return { style, script, policy };
}

function fontFaces(fonts: Fonts): string {
  return fonts.faces
    .map(({ weight, woff2 }) => {
      const source = `url(data:font/woff2;base64,${Buffer.from(woff2).toString('base64')}) format("woff2")`;
      return `@font-face{font-family:Inter;font-weight:${weight};src:${source}}`;
    })
    .join('');
}

/** Dark only on a screen, or paper would come out black; the reader's choice beats the system's. */
function themes(): string {
  const dark = cssVariables('dark');
  return `:root{${cssVariables('light')}}@media screen{:root[data-theme=dark]{${dark}}@media (prefers-color-scheme:dark){:root:not([data-theme=light]){${dark}}}}`;
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
