// The largest and smallest of a chart's numbers → domains, ticks and their labels.
import { formatDurationUs } from '../../harness/contract/units.ts';

/** 0 and the powers of ten up to `max`, for a scale that is logarithmic but begins at 0. */
export function symlogTicks(max: number, most: number): number[] {
  const powers: number[] = [];
  for (let power = 1; power <= max; power *= 10) powers.push(power);
  const step = Math.max(1, Math.ceil(powers.length / most));
  return [0, ...powers.filter((_, index) => (powers.length - 1 - index) % step === 0)];
}

/** 0 and what of 1, 2, 5, 10, … keeps its distance on a square-root scale of `lengthPx`, the largest first. */
export function squareRootTicks(max: number, lengthPx: number, distancePx: number): number[] {
  const ticks: number[] = [];
  let above = Number.POSITIVE_INFINITY;
  for (let power = 10 ** Math.floor(Math.log10(max)); power >= 1; power /= 10) {
    for (const tick of [5 * power, 2 * power, power]) {
      const at = Math.sqrt(tick / max) * lengthPx;
      if (tick > max || above - at < distancePx || at < distancePx) continue;
      ticks.push(tick);
      above = at;
    }
  }
  return [0, ...ticks.reverse()];
}

/** Vega expression for such ticks: `100`, `1k`, `10M`. */
export const compactLabels =
  "datum.value >= 1e9 ? datum.value / 1e9 + 'G' : datum.value >= 1e6 ? datum.value / 1e6 + 'M' : datum.value >= 1e3 ? datum.value / 1e3 + 'k' : datum.value + ''";

/** Ticks at 1 and 3 of each decade within a domain, thinned to powers of ten where there are many decades. */
export function logTicks([low, high]: readonly [number, number]): number[] {
  const decades = Math.log10(high / low);
  const ticks: number[] = [];
  for (let power = 10 ** Math.floor(Math.log10(low)); power <= high; power *= 10) {
    for (const factor of decades > 4.5 ? [1] : [1, 3]) {
      const tick = power * factor;
      if (tick >= low * 0.999 && tick <= high * 1.001) ticks.push(tick);
    }
  }
  return ticks;
}

/** Vega expression that writes each tick, a duration in µs, as people read it. */
export function durationLabels(ticks: readonly number[]): string {
  return ticks.reduceRight((rest, tick) => `datum.value === ${tick} ? '${formatDurationUs(tick)}' : ${rest}`, "''");
}

/** The 1-3-10 steps that enclose the values, all above 0. */
export function logDomain(values: readonly number[]): [number, number] {
  const low = stepBelow(Math.min(...values));
  const high = stepAbove(Math.max(...values));
  return high > low ? [low, high] : [low, low * 10];
}

function stepBelow(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value) + 1e-9);
  return value >= power * 3 ? power * 3 : power;
}

function stepAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value) + 1e-9);
  if (value <= power) return power;
  return value <= power * 3 ? power * 3 : power * 10;
}

/** Where a value lies on a logarithmic axis of `lengthPx`, from its low end. */
export function logPosition(value: number, [low, high]: readonly [number, number], lengthPx: number): number {
  return (Math.log(value / low) / Math.log(high / low)) * lengthPx;
}
