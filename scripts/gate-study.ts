// `npm run gate-study -- measure|plant|rates`: how often the gate cries wolf, and how often it sees one, on this machine.
// `measure` appends pairs of trials of two versions to a file, as the gate measures them; `plant` makes a
// version with a regression; `rates` resamples files of such pairs into gates.

import { exitCodes, FreshetError, messageOf } from '../harness/contract/errors.ts';
import { measurePairs } from './gate-study/measure.ts';
import { plantRegression } from './gate-study/plant.ts';
import { writeRates } from './gate-study/rates.ts';

const commands: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  measure: measurePairs,
  plant: plantRegression,
  rates: writeRates,
};

async function main([name = '', ...args]: readonly string[]): Promise<number> {
  try {
    const command = commands[name];
    if (command === undefined)
      throw new FreshetError('input', `'${name}' is no part of the study; expected measure, plant or rates`);
    await command(args);
    return 0;
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    return error instanceof FreshetError ? exitCodes[error.kind] : exitCodes.bug;
  }
}

process.exit(await main(process.argv.slice(2)));
