// What a person sees while a run goes on, on stderr: a small live board on a terminal, a plain line at each step elsewhere.
import { createLogUpdate } from 'log-update';
import { nowUs } from '../contract/clock.ts';
import { formatDurationUs, formatNumber } from '../contract/units.ts';
import type { TrialPlan } from '../plan/trial-plan.ts';
import type { Phase } from '../trial/phases.ts';
import type { TimelinePoint } from '../trial/timeline.ts';

export interface Progress {
  /** A step that concerns the whole run: `starting Postgres`. */
  step(text: string): void;
  /** `name` tells the trial from others of the same contender. */
  beginTrial(plan: TrialPlan, place: { name: string; index: number; count: number; leftUs: number }): void;
  phase(phase: Phase): void;
  point(point: TimelinePoint): void;
  /** One line that stays. */
  note(text: string): void;
  end(): void;
}

const phaseWords: Readonly<Record<Phase, string>> = {
  start: 'starting the servers',
  control: 'measuring them idle',
  warmUp: 'clients arrive',
  window: 'measuring',
  drain: 'draining',
  stop: 'stopping',
};

/** The board redraws four times a second: CPU is shared with what is measured. */
const redrawMs = 250;

export function createProgress(stream: NodeJS.WriteStream): Progress {
  // A terminal that tells no size, as in some containers, has no room to draw in.
  const canDraw = stream.isTTY === true && stream.rows > 3 && process.env.TERM !== 'dumb';
  return canDraw ? liveProgress(stream) : plainProgress(stream);
}

interface Board {
  step: string;
  plan: TrialPlan | null;
  name: string;
  index: number;
  count: number;
  endsUs: number;
  phase: Phase | null;
  phaseSinceUs: number;
  point: TimelinePoint | null;
}

function liveProgress(stream: NodeJS.WriteStream): Progress {
  const draw = createLogUpdate(stream);
  const board: Board = {
    step: '',
    plan: null,
    name: '',
    index: 0,
    count: 0,
    endsUs: 0,
    phase: null,
    phaseSinceUs: 0,
    point: null,
  };
  const redraw = () => draw(boardText(board));
  const timer = setInterval(redraw, redrawMs);
  timer.unref();
  return {
    step(text) {
      board.step = text;
      board.plan = null;
      redraw();
    },
    beginTrial(plan, { name, index, count, leftUs }) {
      Object.assign(board, { plan, name, index, count, endsUs: nowUs() + leftUs, phase: null, point: null });
    },
    phase(phase) {
      board.phase = phase;
      board.phaseSinceUs = nowUs();
    },
    point(point) {
      board.point = point;
    },
    note(text) {
      draw.clear();
      stream.write(`${text}\n`);
    },
    end() {
      clearInterval(timer);
      draw.clear();
    },
  };
}

function boardText({ step, plan, name, index, count, endsUs, phase, phaseSinceUs, point }: Board): string {
  if (plan === null) return `  ${step} …`;
  const left = formatDurationUs(Math.max(1e6, Math.round((endsUs - nowUs()) / 1e6) * 1e6));
  const elapsedUs = nowUs() - phaseSinceUs;
  const bar = phase === 'window' ? ` ${progressBar(elapsedUs / plan.windowUs)}` : '';
  const lines = [
    `  ${index} of ${count}  ${name}  ·  ${phase === null ? '' : phaseWords[phase]}${bar}  ·  about ${left} left`,
  ];
  if (point !== null && (phase === 'window' || phase === 'drain')) lines.push(`  ${pointText(point)}`);
  return lines.join('\n');
}

function pointText({ clientsConnected, dbQueriesPerSecond }: TimelinePoint): string {
  const queries =
    dbQueriesPerSecond === null
      ? 'database queries unknown'
      : `${formatNumber(Math.round(dbQueriesPerSecond))} database queries/s`;
  return `${formatNumber(clientsConnected)} clients connected  ·  ${queries}`;
}

function progressBar(share: number): string {
  const full = Math.round(Math.min(1, share) * 20);
  return '█'.repeat(full) + '░'.repeat(20 - full);
}

/** For logs: what begins, and what each window brought; nothing that moves. */
function plainProgress(stream: NodeJS.WriteStream): Progress {
  const write = (text: string) => stream.write(`${text}\n`);
  let last: TimelinePoint | null = null;
  return {
    step: (text) => write(`${text} …`),
    beginTrial(_plan, { name, index, count, leftUs }) {
      last = null;
      write(`[${index}/${count}] ${name}, about ${formatDurationUs(Math.round(leftUs / 1e6) * 1e6)} left`);
    },
    phase(phase) {
      if (phase === 'drain' && last !== null) write(`      ${pointText(last)}`);
    },
    point(point) {
      last = point;
    },
    note: write,
    end: () => {},
  };
}
