// The palette, as plain colours for files that stand alone and as CSS variables for the page, which has two themes.
import { type Transport, transports } from '../../harness/contract/record.ts';

export type Scheme = 'light' | 'dark';
type Grey = 'ink' | 'sub' | 'grid' | 'axis' | 'paper' | 'card' | 'edge';

/** Contenders of one transport beyond this many repeat their colours; end labels still tell them apart. */
export const variantCount = 4;

interface SeriesColour {
  readonly mark: string;
  /** The same hue, dark (or light) enough for text: contrast 4.5 or more (WCAG 2.2, 1.4.3). */
  readonly text: string;
}

type StormPart = 'attempted' | 'accepted' | 'outage';

export interface Theme {
  readonly grey: Readonly<Record<Grey, string>>;
  readonly storm: Readonly<Record<StormPart, string>>;
  series(transport: Transport, variant: number): SeriesColour;
}

const greys: Readonly<Record<Scheme, Readonly<Record<Grey, string>>>> = {
  light: {
    ink: '#111827',
    sub: '#4b5563',
    grid: '#e5e7eb',
    axis: '#9ca3af',
    paper: '#ffffff',
    card: '#ffffff',
    edge: '#e5e7eb',
  },
  dark: {
    ink: '#f0f3f6',
    sub: '#b3bac4',
    grid: '#21262d',
    axis: '#4b5563',
    paper: '#0d1117',
    card: '#0d1117',
    edge: '#2b323b',
  },
};
const hues: Readonly<Record<Scheme, Readonly<Record<Transport, string>>>> = {
  light: { polling: '#FA5104', 'long-polling': '#B12A64', sse: '#38A77D', websocket: '#3B5DF3' },
  dark: { polling: '#FF8F50', 'long-polling': '#CF4F86', sse: '#66DDB0', websocket: '#5C80FF' },
};
/** Attempted and accepted differ in lightness too, so that they are told apart without colour. */
const storms: Readonly<Record<Scheme, Readonly<Record<StormPart, string>>>> = {
  light: { attempted: '#F6AD6B', accepted: '#1D4ED8', outage: '#eef0f3' },
  dark: { attempted: '#A8622F', accepted: '#7AA2FF', outage: '#1b222b' },
};
/** How far each variant is mixed towards the ink. */
const inkShares = [0, 0.4, 0.2, 0.55] as const;
/** Line patterns of the variants, in pixels of line and gap. */
const dashes = [
  [1, 0],
  [7, 3],
  [2, 3],
  [9, 3, 2, 3],
] as const;

/** The line pattern of a variant. */
export function dashOf(variant: number): readonly number[] {
  return dashes[variant % variantCount] ?? dashes[0];
}

/** Plain colours. */
export function plainTheme(scheme: Scheme): Theme {
  return {
    grey: greys[scheme],
    storm: storms[scheme],
    series: (transport, variant) => seriesColour(scheme, transport, variant),
  };
}

/** References to the page's variables, which `cssVariables` declares. */
export function pageTheme(): Theme {
  return {
    grey: variablesOf(greys.light),
    storm: variablesOf(storms.light),
    series: (transport, variant) => {
      const name = `--${transport}-${variant % variantCount}`;
      return { mark: `var(${name})`, text: `var(${name}-text)` };
    },
  };
}

function variablesOf<Name extends string>(colours: Readonly<Record<Name, string>>): Record<Name, string> {
  const names = Object.keys(colours) as Name[];
  return Object.fromEntries(names.map((name) => [name, `var(--${name})`])) as Record<Name, string>;
}

/** The declarations of one scheme. */
export function cssVariables(scheme: Scheme): string {
  const variants = Array.from({ length: variantCount }, (_, variant) => variant);
  const series = transports.flatMap((transport) =>
    variants.map((variant) => {
      const { mark, text } = seriesColour(scheme, transport, variant);
      return `--${transport}-${variant}:${mark};--${transport}-${variant}-text:${text};`;
    }),
  );
  return [
    ...Object.entries({ ...greys[scheme], ...storms[scheme] }).map(([name, colour]) => `--${name}:${colour};`),
    ...series,
  ].join('');
}

function seriesColour(scheme: Scheme, transport: Transport, variant: number): SeriesColour {
  const { ink, paper } = greys[scheme];
  const mark = mix(hues[scheme][transport], ink, inkShares[variant % variantCount] ?? 0);
  let text = mark;
  for (let share = 0.05; contrast(text, paper) < 4.5 && share <= 1; share += 0.05) text = mix(mark, ink, share);
  return { mark, text };
}

function channels(colour: string): number[] {
  return [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
}

function mix(colour: string, other: string, share: number): string {
  const others = channels(other);
  const mixed = channels(colour).map((channel, index) =>
    Math.round(channel * (1 - share) + (others[index] ?? 0) * share),
  );
  return `#${mixed.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`;
}

/** WCAG contrast ratio of two colours, 1 to 21. */
export function contrast(a: string, b: string): number {
  const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = channels(colour).map((channel) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
