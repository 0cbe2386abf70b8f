// The figures of clients that act. A trial in which they only watch has none.
import type { MetricName } from '../contract/metrics.ts';
import type { MetricValue } from '../contract/record.ts';
import { seenByAllUs } from '../measure/seen-by-all.ts';
import type { ActionTotals, SwarmTotals } from '../measure/swarm-totals.ts';
import { isInWindow, type TrialInput } from '../measure/trial-input.ts';
import { expectedSeenByAllP50, type TheoryInput } from '../model/theory.ts';
import { settingOf } from '../plan/contender.ts';
import { distribution, scalar } from './values.ts';

const noAction = 'no action was due in the window';

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
  const hidesFrames = contender.transport === 'websocket' && settingOf(contender, 'tls') === 'on';
  const whyNoBytes = hidesFrames
    ? 'within TLS a frame shares its record with others'
    : reasonForNoBytes(actions.window);
  const bytes = (name: MetricName, count: number) =>
    scalar(name, whyNoBytes === null ? count / due : null, whyNoBytes ?? '');
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

/** Bytes are those of whole actions, sent and answered, or of none. */
export function reasonForNoBytes({ due, unsent, unanswered }: ActionTotals['window']): string | null {
  if (due === 0) return noAction;
  return unsent + unanswered === 0
    ? null
    : `of ${due} actions ${unsent} were not sent and ${unanswered} not answered: the bytes are not those of whole ones`;
}
