// What an agent knows of the coordinator's clock: readings over a whole run, and for each shard the clock that it follows in a trial.
import type { ClockOffset } from '../contract/clock.ts';
import type { AgentClock } from '../contract/record.ts';
import { clockFrom, driftBetween, largestErrorUs, type OffsetReading } from './clock-offset.ts';

/** Readings of one run; shards that ask at the same time share one. */
export class RunClock {
  readonly #read: () => Promise<OffsetReading | null>;
  readonly #readings: OffsetReading[] = [];
  #reading: Promise<OffsetReading | null> | null = null;

  constructor(read: () => Promise<OffsetReading | null>) {
    this.#read = read;
  }

  /** All so far: over a long time they tell a drift that those of one trial do not. */
  get readings(): readonly OffsetReading[] {
    return this.#readings;
  }

  /** A new one, or `null` when the coordinator does not answer. */
  read(): Promise<OffsetReading | null> {
    this.#reading ??= this.#readNow();
    return this.#reading;
  }

  async #readNow(): Promise<OffsetReading | null> {
    try {
      const reading = await this.#read();
      if (reading !== null) this.#readings.push(reading);
      return reading;
    } finally {
      this.#reading = null;
    }
  }
}

/** The clock that one shard follows. */
export class TrialClock {
  readonly #run: RunClock;
  #followed: { readonly clock: ClockOffset; readonly from: OffsetReading } | null = null;

  constructor(run: RunClock) {
    this.#run = run;
  }

  /** Reads anew what to follow from now on; without an answer what was followed before, `null` where that is nothing. */
  async follow(): Promise<ClockOffset | null> {
    const from = await this.#run.read();
    const clock = clockFrom(this.#run.readings);
    if (from !== null && clock !== null) this.#followed = { clock, from };
    return this.#followed?.clock ?? null;
  }

  /** Reads once more, after what was measured, and says how far off the followed clock may have been since it was read before. */
  async conclude(): Promise<AgentClock | null> {
    if (this.#followed === null) return null;
    const { clock, from } = this.#followed;
    const after = await this.#run.read();
    const { offsetUs } = clock;
    if (after === null || after.atUs <= from.atUs)
      return {
        offsetUs,
        uncertaintyUs: null,
        driftPpm: null,
        driftUncertaintyPpm: null,
        roundTripUs: from.roundTripUs,
      };
    const { ppm, uncertaintyPpm } = driftBetween(from, after);
    return {
      offsetUs,
      uncertaintyUs: largestErrorUs(clock, [from, after]),
      driftPpm: ppm,
      driftUncertaintyPpm: uncertaintyPpm,
      roundTripUs: Math.min(from.roundTripUs, after.roundTripUs),
    };
  }
}
