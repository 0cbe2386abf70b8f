// A run → where it was made and the exact command to repeat it, as HTML.
import { formatBytes, formatNumber } from '../../harness/contract/units.ts';
import { counted } from '../conditions.ts';
import { escapeHtml } from '../escape.ts';
import type { Run } from '../run.ts';

/** The command, then the machine and services. */
export function renderEnvironment(run: Run): string {
  const facts = factsOf(run).map(
    ([term, text]) => `<dt>${escapeHtml(term)}</dt><dd><bdi>${escapeHtml(text)}</bdi></dd>`,
  );
  return `<pre><code>${escapeHtml(run.record.command)}</code></pre><h3 class="machine">Where it was measured</h3><dl>${facts.join('')}</dl>`;
}

/** Terms and facts, the most telling first. */
function factsOf({ record }: Run): [string, string][] {
  const { environment, services } = record;
  const limits = Object.entries(environment.limits).map(
    ([name, value]) => `${name} ${typeof value === 'number' ? formatNumber(value) : (value ?? 'unknown')}`,
  );
  return [
    [
      'machine',
      `${environment.cpu}, ${counted(environment.cores, 'core')}, ${formatBytes(environment.memoryBytes)} of memory`,
    ],
    ['system', `${environment.kernel}, Node.js ${environment.node}`],
    ...Object.entries(services).map(([name, { version, driver }]): [string, string] => [
      name,
      `${version} (${driver})`,
    ]),
    ...(limits.length > 0 ? [['limits', limits.join(', ')] satisfies [string, string]] : []),
    ...agentsOf(record).map((fact): [string, string] => ['agent', fact]),
    ['freshet', `${record.freshet}${environment.git === null ? '' : `, commit ${environment.git}`}`],
    ['seed', String(record.seed)],
    ['measured', `${minuteOf(record.startedAt)} to ${minuteOf(record.finishedAt)}`],
    ['run', record.id],
  ];
}

/** Each agent of the run, with the most clients that it ran in a trial. */
function agentsOf({ trials }: Run['record']): string[] {
  const all = trials.flatMap(({ agents }) => agents ?? []);
  return [...new Map(all.map((agent) => [agent.name, agent])).values()].map(({ name, host, cores, version }) => {
    const clients = Math.max(...all.filter((agent) => agent.name === name).map((agent) => agent.clients));
    return `${name} on ${host}, ${counted(cores, 'core')}, ${formatNumber(clients)} clients, Freshet ${version}`;
  });
}

/** `2025-06-11 09:15 UTC`. */
export function minuteOf(instant: string): string {
  return `${instant.slice(0, 10)} ${instant.slice(11, 16)} UTC`;
}
