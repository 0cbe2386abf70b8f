// The figures of clients that act. A trial in which they only watch has none.
import type { MetricName } from '../contract/metrics.ts';
import type { MetricValue } from '../contract/record.ts';
import { seenByAllUs } from '../measure/seen-by-all.ts';
import type { SwarmTotals } from '../measure/swarm-totals.ts';
import { isInWindow, type TrialInput } from '../measure/trial-input.ts';
import { expectedSeenByAllP50, type TheoryInput } from '../model/theory.ts';
import { settingOf } from '../plan/contender.ts';
import { distribution, scalar } from './values.ts';

export function actionMetrics(
  input: TrialInput,
  totals: SwarmTotals,
  theory: TheoryInput,
): Partial<Record<MetricName, MetricValue>> {
  const { actions } = totals;
  const { contender, acting } = input.plan;
  if (acting === null || actions === null) return {};
  const { due, acknowledged, refused, unsent, unanswered } = actions.window;
  const changes = input.published.filter((change) => isInWindow(change, input));
  const { histogram, censored } = seenByAllUs(changes, actions.seen, input.plan);
  const noAction = 'no action was due in the window';
  const hidesFrames = contender.transport === 'websocket' && settingOf(contender, 'tls') === 'on';
  const bytes = (name: MetricName, count: number) =>
    scalar(
      name,
      hidesFrames || due === 0 ? null : count / due,
      hidesFrames ? 'within TLS a frame shares its record with others' : noAction,
    );
  return {
    'action.sent': scalar('action.sent', due, ''),
    'action.acknowledged': scalar('action.acknowledged', acknowledged, ''),
    'action.failed': scalar('action.failed', refused + unsent, ''),
    'action.unanswered': scalar('action.unanswered', unanswered, ''),
    'action.ackUs': distribution('action.ackUs', totals.histograms.actionAckUs, noAction, {
      censored: due - acknowledged,
    }),
    'action.seenByAllUs': distribution('action.seenByAllUs', histogram, 'no action of the window was acknowledged', {
      censored,
      expectation: expectedSeenByAllP50(theory),
    }),
    'action.bytesUp': bytes('action.bytesUp', actions.bytes.up),
    'action.bytesDown': bytes('action.bytesDown', actions.bytes.down),
  };
}
