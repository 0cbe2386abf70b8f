// Simulated storms → charts beside their figures. Loaded only when they are asked for: the chart library is heavy.
import { chartOfStorms } from '../../reports/charts/storm.ts';
import { stormModelChart } from '../../reports/charts/storm-model.ts';
import { conditionsOf } from '../../reports/conditions.ts';
import { renderCharts } from '../../reports/render.ts';
import { readStorms } from '../../reports/storm.ts';
import type { TrialRecord } from '../contract/record.ts';
import type { SimulatedStorm } from '../model/storm-record.ts';

/** Draws the storms and, of those that were measured too, both; returns the files' paths. */
export async function drawSimulation(
  storms: readonly SimulatedStorm[],
  measured: readonly TrialRecord[],
  directory: string,
): Promise<string[]> {
  const trials = storms.map(asTrial);
  const simulated = readStorms(trials);
  const charts = [
    chartOfStorms(simulated, ['simulated, not measured', ...clientsPhrase(storms)]),
    measured.length === 0 ? null : stormModelChart(readStorms(measured), simulated, conditionsOf(measured)),
  ];
  return renderCharts(
    charts.filter((chart) => chart !== null),
    directory,
  );
}

function clientsPhrase(storms: readonly SimulatedStorm[]): string[] {
  const counts = [...new Set(storms.map(({ clients }) => clients))];
  return counts.length === 1 ? [`${counts[0]?.toLocaleString('en-US')} clients`] : [];
}

/** In the form of a measured one; it took no time. */
function asTrial(storm: SimulatedStorm): TrialRecord {
  const phasesUs = { start: 0, control: 0, warmUp: 0, window: 0, drain: 0, stop: 0 };
  const nothing = { audiences: 1, repetition: 1, windowUs: 0, phasesUs, witnesses: [], health: [] };
  return { scenario: 'reconnect-storm', ...nothing, ...storm };
}
