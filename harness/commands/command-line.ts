// What was typed: the mistakes that commander lets pass, and the line as a record repeats it.
import type { Command } from 'commander';
import { suggest } from '../contract/settings.ts';
import { maskSecrets } from '../services/service-url.ts';

/** The command as it can be typed again, but for the passwords. */
export function spellCommand([command = '', ...args]: readonly string[]): string {
  const words = args.map(maskSecrets).map(quote);
  return [`npm run ${command}`, ...(words.length > 0 ? ['--', ...words] : [])].join(' ');
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

export function knownFlags(command: Command): string[] {
  return [...command.options.flatMap(({ long }) => long ?? []), '--help'];
}

export function unknownOptions(args: readonly string[], known: readonly string[]): string[] {
  const unknown = args.filter((arg) => arg.startsWith('-')).map((arg) => arg.split('=')[0] ?? arg);
  return unknown.map((flag) => `option '${flag}' is not known; expected one that --help lists${suggest(flag, known)}`);
}

/** Arguments that are not an unknown option, nor its value. */
export function positionals(args: readonly string[], known: readonly string[]): string[] {
  return args.filter((arg, index) => !arg.startsWith('-') && !isValueOfUnknown(args[index - 1], known));
}

function isValueOfUnknown(before: string | undefined, known: readonly string[]): boolean {
  return before?.startsWith('-') === true && !before.includes('=') && !known.includes(before);
}

/** npm swallows options in front of which the `--` is missing, and leaves them in the environment. */
export function forgottenDashes(known: readonly string[]): string[] {
  const script = process.env.npm_lifecycle_event;
  if (script === undefined) return [];
  const swallowed = known.filter(
    (flag) => process.env[`npm_config_${flag.slice(2).replaceAll('-', '_')}`] !== undefined,
  );
  return swallowed.length === 0
    ? []
    : [
        `npm took ${swallowed.join(', ')} for itself; expected a -- in front: npm run ${script} -- ${swallowed.join(' … ')} …`,
      ];
}

/** npm hands a second `--` on, after which no option is one any more. */
export function doubledDashes([command = '', ...args]: readonly string[]): string[] {
  const dashes = args.indexOf('--');
  const behind = dashes === -1 ? [] : args.slice(dashes + 1);
  const flag = behind.find((arg) => arg.startsWith('-'));
  return flag === undefined
    ? []
    : [`a second -- stands before ${flag.split('=')[0]}; expected one: npm run ${command} -- ${flag.split('=')[0]} …`];
}

/** Options that were given more than once, of which commander takes the last. To be asked after parsing; what `repeatable` names may be. */
export function watchRepeats(command: Command, repeatable: readonly string[] = []): () => string[] {
  const given = new Map<string, string[]>();
  for (const option of command.options) {
    const flag = option.long ?? option.flags;
    if (!option.required || repeatable.includes(flag)) continue;
    command.on(`option:${option.name()}`, (value: string) => given.set(flag, [...(given.get(flag) ?? []), value]));
  }
  return () =>
    [...given]
      .filter(([, values]) => values.length > 1)
      .map(
        ([flag, values]) =>
          `${flag} is given ${timesOf(values.length)} (${values.map(maskSecrets).join(' and ')}); expected it once`,
      );
}

function timesOf(count: number): string {
  return count === 2 ? 'twice' : `${count} times`;
}
