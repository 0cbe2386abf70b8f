// What a screen needs, as `--require` spells it: a limit to a figure (`freshness<3s`) or a capability (`bidirectional`) → data,
// or one line for each that says nothing.
import { type CapabilityName, capabilityNames } from './capabilities.ts';
import { type Aliases, type Comparison, parseComparison, spellComparison, splitComparison } from './comparison.ts';
import { type MetricName, metricNames, metricOf } from './metrics.ts';
import { suggest } from './settings.ts';

export interface FigureRequirement extends Comparison {
  readonly kind: 'figure';
}

export interface CapabilityRequirement {
  readonly kind: 'capability';
  readonly capability: CapabilityName;
}

export type Requirement = FigureRequirement | CapabilityRequirement;

/** Names for what is asked most; of a distribution with the quantile that they mean unless one is written. */
export const shortNames = {
  freshness: { metric: 'freshnessUs', quantile: 0.99 },
  stale: { metric: 'staleShare', quantile: null },
  queries: { metric: 'db.queriesPerMinute', quantile: null },
  cpu: { metric: 'system.cpuMsPerSecond', quantile: null },
  memory: { metric: 'server.rssBytes', quantile: null },
  recovery: { metric: 'storm.recoveryUs', quantile: 1 },
} as const satisfies Aliases;

/** The short name of a metric, else its name in the catalogue. */
export function shortNameOf(metric: MetricName): string {
  return Object.entries(shortNames).find(([, subject]) => subject.metric === metric)?.[0] ?? metric;
}

/** Reads them all: what could be read, and a line for each that could not. */
export function parseRequirements(texts: readonly string[]): { requirements: Requirement[]; problems: string[] } {
  const requirements: Requirement[] = [];
  const problems: string[] = [];
  const seen = new Set<string>();
  for (const text of texts) {
    const parsed = parseRequirement(text);
    if ('problem' in parsed) problems.push(parsed.problem);
    else if (seen.has(spellRequirement(parsed.requirement)))
      problems.push(`--require '${text}' is given twice; expected it once`);
    else requirements.push(parsed.requirement);
    if ('requirement' in parsed) seen.add(spellRequirement(parsed.requirement));
  }
  return { requirements, problems };
}

function parseRequirement(text: string): { requirement: Requirement } | { problem: string } {
  const name = text.trim();
  const capability = capabilityNames.find((each) => each === name);
  if (capability !== undefined) return { requirement: { kind: 'capability', capability } };
  if (splitComparison(text) === null) return { problem: unknownText(name) };
  const parsed = parseComparison('--require', text, shortNames);
  if ('problem' in parsed) return parsed;
  const { comparison } = parsed;
  const problem = backwardsText(text, comparison);
  return problem === null ? { requirement: { kind: 'figure', ...comparison } } : { problem };
}

/** Who needs a figure to be worse than a limit has mistaken the sign. */
function backwardsText(text: string, comparison: Comparison): string | null {
  const { better } = metricOf(comparison.metric);
  const isUpper = comparison.operator.startsWith('<');
  if (better === 'neither' || (better === 'lower') === isUpper) return null;
  const operator = isUpper ? '>=' : '<';
  return `--require '${text}' asks for the worse of ${comparison.metric}; expected ${spellComparison({ ...comparison, operator })}`;
}

function unknownText(name: string): string {
  const words = [...capabilityNames, ...Object.keys(shortNames), ...metricNames];
  return `--require '${name}' is no requirement; expected METRIC < VALUE, such as 'freshness<3s', or one of ${capabilityNames.join(', ')}${suggest(name, words)}`;
}

function spellRequirement(requirement: Requirement): string {
  return requirement.kind === 'capability' ? requirement.capability : spellComparison(requirement);
}
