// Checks → JUnit XML, as CI systems show it: a suite a contender, a test case a check. Valid by the Jenkins xUnit plugin's junit-10.xsd.
import { escapeHtml } from '../escape.ts';

export interface Check {
  /** Whose figure was checked. */
  readonly suite: string;
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** What was found; of a failed or skipped check, the reason. */
  readonly message: string;
}

/** The document. Expects inert texts: XML has no way to write most controls. */
export function renderJunit(name: string, checks: readonly Check[]): string {
  const suites = [...new Set(checks.map(({ suite }) => suite))];
  const counts = (of: readonly Check[]) => `tests="${of.length}" failures="${count(of, 'failed')}" errors="0"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${escapeHtml(name)}" ${counts(checks)}>`,
    ...suites.flatMap((suite) => {
      const own = checks.filter((check) => check.suite === suite);
      return [
        `  <testsuite name="${escapeHtml(suite)}" ${counts(own)} skipped="${count(own, 'skipped')}">`,
        ...own.map((check) => `    ${renderCase(check)}`),
        '  </testsuite>',
      ];
    }),
    '</testsuites>',
    '',
  ].join('\n');
}

function renderCase({ suite, name, outcome, message }: Check): string {
  const attributes = `classname="${escapeHtml(suite)}" name="${escapeHtml(name)}"`;
  const text = escapeHtml(message);
  if (outcome === 'failed')
    return `<testcase ${attributes}><failure type="regression" message="${text}">${text}</failure></testcase>`;
  if (outcome === 'skipped') return `<testcase ${attributes}><skipped message="${text}"/></testcase>`;
  return `<testcase ${attributes}><system-out>${text}</system-out></testcase>`;
}

function count(checks: readonly Check[], outcome: Check['outcome']): number {
  return checks.filter((check) => check.outcome === outcome).length;
}
