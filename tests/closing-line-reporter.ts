// Ends a test run with one plain line that any CI can read: `12 passed, 0 failed`; skipped tests are named, never silent.
import type { Reporter, TestCase, TestModule } from 'vitest/node';

export default class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: ReturnType<TestCase['result']>['state']) =>
      tests.filter((test) => test.result().state === state).length;
    const brokenModules = modules.filter((module) => module.state() === 'failed' && module.errors().length > 0).length;
    for (const test of tests) {
      if (test.result().state === 'skipped') process.stdout.write(`SKIPPED: ${test.fullName}\n`);
    }
    const skipped = count('skipped');
    const tail = skipped === 0 ? '' : `, ${skipped} skipped`;
    process.stdout.write(
      `\n${count('passed')} passed, ${count('failed') + brokenModules + unhandledErrors.length} failed${tail}\n`,
    );
  }
}
