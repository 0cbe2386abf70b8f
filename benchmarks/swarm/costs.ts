// Measurements of single generators → what a client costs, as medians with their spread, and its ratio to ours.
import type { Transport } from '../../harness/contract/record.ts';
import { type Figure, figureOf } from '../broadcast/table.ts';
import { type ClientName, candidates, fewestForMemory } from './contract.ts';
import type { Measured } from './rig.ts';

export interface StepResult {
  readonly transport: Transport;
  readonly client: ClientName;
  readonly clients: number;
  readonly measured: Measured;
}

export interface LoopResult {
  readonly client: 'freshet' | 'autocannon';
  readonly connections: number;
  readonly requestsPerCpuSecond: number;
}

/** What one client costs the generator's process. */
export interface ClientCost {
  readonly transport: Transport;
  readonly client: ClientName;
  readonly clients: number;
  /** CPU µs to connect and hold the first version; `null` for polls, which begin while others connect. */
  readonly connectUs: Figure | null;
  /** CPU µs for each message (or poll) received and recorded. */
  readonly receiveUs: Figure | null;
  /** Resident memory; `null` below 1,000 clients, as kernel memory is. */
  readonly residentBytes: Figure | null;
  /** The part of it on V8's heap. */
  readonly heapBytes: Figure | null;
  /** Of the kernel, for both ends of the connection. */
  readonly kernelBytes: Figure | null;
  /** By our own with as many clients. */
  readonly toOurs: {
    readonly connect: number | null;
    readonly receive: number | null;
    readonly resident: number | null;
  };
}

export interface LoopCost {
  readonly client: LoopResult['client'];
  readonly connections: number;
  /** Requests answered and recorded for each CPU second of the generator. */
  readonly requestsPerCpuSecond: Figure | null;
  readonly toOurs: number | null;
}

export interface SwarmCosts {
  readonly costs: readonly ClientCost[];
  readonly loops: readonly LoopCost[];
}

export function summarize(steps: readonly StepResult[], loops: readonly LoopResult[]): SwarmCosts {
  return { costs: costsOf(steps), loops: loopCostsOf(loops) };
}

function costsOf(steps: readonly StepResult[]): ClientCost[] {
  const costs: ClientCost[] = [];
  const transports = new Set(steps.map(({ transport }) => transport));
  for (const transport of transports) {
    const counts = [...new Set(steps.filter((step) => step.transport === transport).map(({ clients }) => clients))];
    for (const clients of counts.sort((a, b) => a - b))
      for (const client of candidates[transport]) {
        const own = steps.filter(
          (step) => step.transport === transport && step.client === client && step.clients === clients,
        );
        const ours = costs.find(
          (cost) => cost.transport === transport && cost.client === 'freshet' && cost.clients === clients,
        );
        if (own.length > 0) costs.push(costOf({ transport, client, clients }, own, ours));
      }
  }
  return costs;
}

function costOf(
  key: { transport: Transport; client: ClientName; clients: number },
  steps: readonly StepResult[],
  ours: ClientCost | undefined,
): ClientCost {
  const of = (read: (measured: Measured) => number | null) => figureOf(steps.map(({ measured }) => read(measured)));
  const connectUs = key.transport === 'polling' ? null : of(({ connected }) => connected.cpuUs / key.clients);
  const receiveUs = of(({ received }) => received.cpuUs / received.count);
  const ofMany = (read: (measured: Measured) => number | null) => (key.clients < fewestForMemory ? null : of(read));
  const residentBytes = ofMany(({ connected }) => connected.residentBytes / key.clients);
  return {
    ...key,
    connectUs,
    receiveUs,
    residentBytes,
    heapBytes: of(({ connected }) => connected.heapBytes / key.clients),
    kernelBytes: ofMany(({ kernelBytesPerClient }) => kernelBytesPerClient),
    toOurs: {
      connect: ratio(connectUs, ours?.connectUs),
      receive: ratio(receiveUs, ours?.receiveUs),
      resident: ratio(residentBytes, ours?.residentBytes),
    },
  };
}

function loopCostsOf(loops: readonly LoopResult[]): LoopCost[] {
  const names = (['freshet', 'autocannon'] as const).filter((name) => loops.some(({ client }) => client === name));
  const figureFor = (name: LoopResult['client']) =>
    figureOf(loops.filter(({ client }) => client === name).map(({ requestsPerCpuSecond }) => requestsPerCpuSecond));
  return names.map((client) => ({
    client,
    connections: loops.find((loop) => loop.client === client)?.connections ?? 0,
    requestsPerCpuSecond: figureFor(client),
    toOurs: client === 'freshet' ? null : ratio(figureFor(client), figureFor('freshet')),
  }));
}

function ratio(figure: Figure | null, ours: Figure | null | undefined): number | null {
  return figure === null || ours === null || ours === undefined ? null : figure.median / ours.median;
}
