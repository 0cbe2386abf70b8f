// What a scenario file holds: data only. The engine that runs it is elsewhere.
import type { Setting, SettingValue } from './settings.ts';

export interface Scenario {
  readonly name: string;
  /** The question it answers, in one sentence. */
  readonly question: string;
  /** Contenders by default, as `--contenders` spells them. */
  readonly contenders: readonly string[];
  /** Settings of contenders that this scenario takes for granted where a spelling does not say otherwise. */
  readonly contenderDefaults?: Readonly<Record<string, SettingValue>>;
  readonly settings: Readonly<Record<string, Setting>>;
  /** The figures that its table and its chart show, spelled as thresholds spell them; without, those of every comparison. */
  readonly columns?: readonly string[];
  /** Limits that fail a run of it, as `--threshold` spells them. */
  readonly thresholds?: readonly string[];
  /** What `--quick` changes, spelled as on the command line. */
  readonly quick: Readonly<Record<string, string>>;
  /** The contenders of `--quick`, where those of the scenario take their time: the same ideas with shorter timers. */
  readonly quickContenders?: readonly string[];
}
