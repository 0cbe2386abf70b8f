// The contract of what is fuzzed in this process: a reader of bytes that come cut anywhere.
import type { Cutting } from '../../../harness/swarm/readers/cut-input.ts';
import { uncut } from '../../../harness/swarm/readers/cut-input.ts';
import type { Dice } from '../dice.ts';
import { mutate } from '../mutate.ts';

/** What a reader made of one input; equal texts mean equal outcomes. */
export interface Outcome {
  /** All it told, without regard to how the input was cut. */
  readonly told: string;
  /** The most memory it held on to after any piece, beyond its own fields. */
  readonly keptBytes: number;
}

export interface ReaderSubject {
  readonly name: string;
  /** A valid input. */
  valid(dice: Dice): Buffer;
  /** Reads it all; throws only when the reader does. */
  read(wire: Buffer, cutting: Cutting): Outcome;
  /** The most that a reader may keep, whatever it is sent. */
  readonly keepsAtMostBytes: number;
  /** What else is wrong with the outcome, if anything. */
  judge?(wire: Buffer, outcome: Outcome): string | null;
}

/** A valid input, a mutated one, or bytes at random; cut somehow. */
export function makeInput(subject: ReaderSubject, dice: Dice): { wire: Buffer; cutting: Cutting } {
  const kind = dice.below(20);
  let wire: Buffer;
  if (kind === 0) wire = dice.bytes(dice.below(120));
  else if (kind === 1) wire = subject.valid(dice);
  else wire = mutate(subject.valid(dice), dice, () => subject.valid(dice));
  return { wire, cutting: makeCutting(dice, wire.length) };
}

/** Byte by byte, or in a few sizes; long inputs in no more than some hundred pieces, which is what takes the time. */
function makeCutting(dice: Dice, length: number): Cutting {
  const coarse = Math.ceil(length / 300);
  if (dice.chance(0.1) && coarse <= 1) return [1];
  return dice.several(1, 4, () => coarse + dice.below(dice.pick([4, 30, 200])));
}

/** What is wrong with how the reader took this input, or `null`. */
export function findFault(subject: ReaderSubject, wire: Buffer, cutting: Cutting): string | null {
  try {
    const whole = subject.read(wire, uncut);
    const cut = subject.read(wire, cutting);
    if (whole.told !== cut.told)
      return `cut into ${JSON.stringify(cutting)} it told ${shorten(cut.told)}; uncut ${shorten(whole.told)}`;
    const kept = Math.max(whole.keptBytes, cut.keptBytes);
    if (kept > subject.keepsAtMostBytes) return `it kept ${kept} bytes; expected at most ${subject.keepsAtMostBytes}`;
    return subject.judge?.(wire, whole) ?? null;
  } catch (error) {
    return `it threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  }
}

function shorten(text: string): string {
  return JSON.stringify(text.length > 400 ? `${text.slice(0, 400)}…` : text);
}
