// What trials of somebody's own servers stand on: bundles of the target files, and no service of ours.
import { buildBundles, entryPoints, targetProgramEntry } from '../services/bundle.ts';
import type { Guard } from '../services/guard.ts';
import { type ForeignTarget, foreignSystem } from '../targets/foreign-system.ts';
import type { MeasuredSystem } from '../targets/system.ts';

export interface ForeignGround {
  readonly bundles: { readonly publisher: string; readonly shard: string };
  readonly system: MeasuredSystem;
}

export async function prepareForeignGround(
  targets: readonly ForeignTarget[],
  { guard, postgresUrl }: { readonly guard: Guard; readonly postgresUrl: string | undefined },
): Promise<ForeignGround> {
  const { publisher, shard } = entryPoints();
  const files = Object.fromEntries(targets.map(({ file }, index) => [bundleName(index), file]));
  const bundles = await buildBundles(guard.directory, { publisher, shard, program: targetProgramEntry, ...files });
  const bundleOf = (index: number) => (bundles as Readonly<Record<string, string>>)[bundleName(index)] ?? '';
  const bundled = targets.map((target, index) => ({ ...target, bundle: bundleOf(index) }));
  return { bundles, system: foreignSystem({ guard, targets: bundled, program: bundles.program, postgresUrl }) };
}

function bundleName(index: number): string {
  return `target-${index + 1}`;
}
