// Durations as people type them and figures as people read them. Inside, time is microseconds and size is bytes.

const durationUnitsUs: Readonly<Record<string, number>> = {
  us: 1,
  ms: 1_000,
  s: 1_000_000,
  m: 60_000_000,
  h: 3_600_000_000,
};

/** Microseconds of a duration such as `500ms`, `2s`, `1.5m`; `null` for anything else. A bare number has no unit and is refused. */
export function parseDurationUs(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)(us|ms|s|m|h)$/.exec(text.trim());
  const unitUs = durationUnitsUs[match?.[2] ?? ''];
  return match === null || unitUs === undefined ? null : Math.round(Number(match[1]) * unitUs);
}

/** A duration with its fitting unit and three significant digits: `850 µs`, `4.21 ms`, `1.01 s`, `2 min 5 s`. */
export function formatDurationUs(us: number): string {
  const size = Math.abs(us);
  if (size < 1_000) return `${round3(us)} µs`;
  if (size < 999_500) return `${round3(us / 1_000)} ms`;
  if (size < 119_500_000) return `${round3(us / 1_000_000)} s`;
  const seconds = Math.round(us / 1_000_000);
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** A duration as the command line spells it, exact: `500ms`, `2s`, `1m`. The inverse of `parseDurationUs`. */
export function spellDurationUs(us: number): string {
  if (us === 0) return '0ms';
  for (const unit of ['h', 'm', 's', 'ms']) {
    const unitUs = durationUnitsUs[unit] ?? 1;
    if (us >= unitUs && us % unitUs === 0) return `${us / unitUs}${unit}`;
  }
  return `${us}us`;
}

/** A number with three significant digits below 1,000 and grouped digits above: `0.42`, `12.5`, `15,003`. */
export function formatNumber(value: number): string {
  return Math.abs(value) < 999.5 ? String(round3(value)) : Math.round(value).toLocaleString('en-US');
}

/** A size in decimal units: `512 B`, `4.1 kB`, `82 MB`. */
export function formatBytes(bytes: number): string {
  const size = Math.abs(bytes);
  if (size < 999.5) return `${round3(bytes)} B`;
  if (size < 999_500) return `${round3(bytes / 1e3)} kB`;
  if (size < 999_500_000) return `${round3(bytes / 1e6)} MB`;
  return `${round3(bytes / 1e9)} GB`;
}

function round3(value: number): number {
  return Number(value.toPrecision(3));
}
