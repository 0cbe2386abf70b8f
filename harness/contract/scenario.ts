// What a scenario file holds: data only. The engine that runs it is elsewhere.
import type { Setting } from './settings.ts';

export interface Scenario {
  readonly name: string;
  /** The question it answers, in one sentence. */
  readonly question: string;
  /** Contenders by default, as `--contenders` spells them. */
  readonly contenders: readonly string[];
  readonly settings: Readonly<Record<string, Setting>>;
  /** What `--quick` changes, spelled as on the command line. */
  readonly quick: Readonly<Record<string, string>>;
}
