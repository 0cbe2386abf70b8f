// A run's storms → two tables: what the clients did and when they were back, and what the system felt of it.
import type { MetricName } from '../harness/contract/metrics.ts';
import { scalarOf } from '../harness/contract/record.ts';
import { counted } from './conditions.ts';
import { isUnsure, reasonOf } from './merge.ts';
import type { Run } from './run.ts';
import { notBackOf, type PeakName, peakOf, recoveryUs, type Storm, stormsOf } from './storm.ts';
import {
  type ColumnSource,
  caveatOf,
  fillTable,
  missingRemarks,
  type Reading,
  readQuantile,
  readScalar,
  repetitionText,
  type Table,
  uncertaintyText,
} from './table.ts';

type Source = ColumnSource<Storm>;

const peakRemark = 'Peaks are those of the busiest 100 ms; times count from the server’s return.';

const clientColumns: readonly Source[] = [
  {
    above: 'attempts',
    below: '/client',
    heading: 'attempts/client',
    meaning: 'Connection attempts from the fault until the last client was back, for each client',
    unit: 'count',
    read: (storm) => readScalar(storm.contender, 'storm.attemptsPerClient'),
  },
  {
    above: 'peak',
    below: 'down',
    heading: 'peak while down, per 100 ms',
    meaning: 'Attempts in the busiest 100 ms of the outage',
    unit: 'count',
    read: (storm) => readPeak(storm, 'storm.peakWhileDownPerSecond'),
  },
  {
    above: 'peak',
    below: 'after',
    heading: 'peak after return, per 100 ms',
    meaning: 'Attempts in the busiest 100 ms after the server listened again',
    unit: 'count',
    read: (storm) => readPeak(storm, 'storm.peakAttemptsPerSecond'),
  },
  {
    above: 'DB',
    below: 'peak',
    heading: 'DB queries peak, per 100 ms',
    meaning: 'Database queries in the busiest 100 ms after the server listened again',
    unit: 'count',
    read: (storm) => readPeak(storm, 'storm.dbQueriesPeakPerSecond'),
  },
  recoveryColumn('p50', 0.5, 'half'),
  recoveryColumn('p99', 0.99, '99 %'),
  recoveryColumn('last', 1, 'the last'),
  {
    above: 'not',
    below: 'back',
    heading: 'not back',
    meaning: 'Clients that were not back by the end, over all repetitions',
    unit: 'count',
    read: readNotBack,
  },
];

const systemColumns: readonly Source[] = [
  scalarColumn('attempts', 'storm.attempts', 'Connection attempts from the fault until the last client was back'),
  {
    above: 'pool wait',
    below: 'p99',
    heading: 'pool wait p99',
    meaning: '99 % of the queries waited no longer than this for a pooled connection',
    unit: 'us',
    read: (storm) => readQuantile(storm.contender, 'db.poolWaitUs', 0.99),
  },
  {
    above: 'event loop',
    below: 'p99',
    heading: 'event-loop delay p99',
    meaning: '99 % of the server’s timers fired no later than this',
    unit: 'us',
    read: (storm) => readQuantile(storm.contender, 'server.eventLoopDelayUs', 0.99),
  },
  scalarColumn(
    'listen overflows',
    'storm.listenOverflows',
    'Connections the kernel turned away because the queue of those waiting to be accepted was full',
  ),
  scalarColumn(
    'missed away',
    'storm.missedAway',
    'Versions that came out while a client was away, over the clients that came back',
  ),
  scalarColumn('by snapshot', 'storm.madeUpBySnapshot', 'Of those, made up for by the state sent on reconnecting'),
  scalarColumn('by replay', 'storm.madeUpByReplay', 'Of those, sent one by one on reconnecting (Last-Event-ID)'),
  scalarColumn('missed', 'updates.missed', 'Versions that nothing made up for'),
];

/** Attempts, peaks and recovery, a row a strategy. */
export function stormTableOf(run: Run): Table {
  return fillTable(rowsOf(run), clientColumns, {
    caption: 'Reconnect strategies compared',
    rowHeading: 'strategy',
    remarks: [peakRemark, ...missingRemarks(run)],
  });
}

/** What servers, database and kernel felt, and what became of the updates of the gap. */
export function stormSystemTableOf(run: Run): Table {
  return fillTable(rowsOf(run), systemColumns, {
    caption: 'What the system felt of each strategy',
    rowHeading: 'strategy',
    remarks: [],
  });
}

function rowsOf(run: Run) {
  return stormsOf(run.storms).map((storm) => ({
    label: storm.label,
    transport: storm.contender.transport,
    subject: storm,
  }));
}

function recoveryColumn(below: string, share: number, whom: string): Source {
  return {
    above: 'back in',
    below,
    heading: `back in, ${below}`,
    meaning: `Time from the server’s return until ${whom} of the clients ${whom === 'the last' ? 'was' : 'were'} back`,
    unit: 'us',
    read: (storm) => readRecovery(storm, below, share),
  };
}

function scalarColumn(heading: string, name: MetricName, meaning: string): Source {
  const [above = '', below = ''] = heading.includes(' ') ? heading.split(' ') : ['', heading];
  return { above, below, heading, meaning, unit: 'count', read: (storm) => readScalar(storm.contender, name) };
}

function readPeak(storm: Storm, name: PeakName): Reading {
  return { ...readScalar(storm.contender, name), value: peakOf(storm, name) };
}

function readRecovery(storm: Storm, word: string, share: number): Reading {
  const figure = storm.contender.figures['storm.recoveryUs'];
  const reason = isUnsure(figure, share) ? null : notBackReason(storm);
  const caveats = figure === undefined ? [] : [uncertaintyText(figure), repetitionText(figure)];
  return { value: recoveryUs(storm, share), reason: reason ?? reasonOf(figure, share, word), ...caveatOf(caveats) };
}

function readNotBack(storm: Storm): Reading {
  const notBack = notBackOf(storm);
  if (notBack === null) return { value: null, reason: reasonOf(storm.contender.figures['storm.recoveryUs']) };
  const caveat = notBackReason(storm);
  return { value: notBack.count, reason: '', ...(caveat === null ? {} : { caveat }) };
}

/** Those who gave up are among those who were not back, over all repetitions both; `null` when all were. */
function notBackReason(storm: Storm): string | null {
  const notBack = notBackOf(storm);
  if (notBack === null || notBack.count === 0) return null;
  const values = storm.contender.trials.map(({ metrics }) => scalarOf(metrics['storm.gaveUp']));
  const known = values.filter((value) => value !== null);
  const sum = known.reduce((total, value) => total + value, 0);
  const gaveUp =
    known.length === 0
      ? `how many of them gave up was not measured (${reasonOf(storm.contender.figures['storm.gaveUp'])})`
      : `${sum === 0 ? 'none' : sum.toLocaleString('en-US')} of them gave up`;
  return `${notBack.count.toLocaleString('en-US')} of ${counted(notBack.of, 'client')} were not back by the end; ${gaveUp}`;
}
