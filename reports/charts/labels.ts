// Wanted positions of labels → positions where none overlaps, as near to the wanted ones as can be.

export interface LabelBounds {
  readonly top: number;
  readonly bottom: number;
  /** Least distance between the centres of two labels. */
  readonly distance: number;
}

interface Block {
  /** Indices of its labels, from top to bottom. */
  readonly members: number[];
  centre: number;
}

/**
 * Least-squares placement: labels that would touch form a block around the mean of their wishes; blocks merge until none touch
 * (pool adjacent violators). Keeps the order of the wishes. With too little room they are spread evenly beyond the bottom.
 */
export function spreadLabels(wanted: readonly number[], bounds: LabelBounds): number[] {
  const order = wanted.map((_, index) => index).sort((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0) || a - b);
  const { top, distance } = bounds;
  const bottom = Math.max(bounds.bottom, top + (wanted.length - 1) * distance);
  const place = (members: number[]): Block => ({
    members,
    centre: centreOf(members, wanted, { top, bottom, distance }),
  });
  const blocks: Block[] = [];
  for (const index of order) {
    let block = place([index]);
    for (let above = blocks.at(-1); above !== undefined && touches(above, block, distance); above = blocks.at(-1)) {
      blocks.pop();
      block = place([...above.members, ...block.members]);
    }
    blocks.push(block);
  }
  const placed = wanted.map(() => 0);
  for (const { members, centre } of blocks) {
    members.forEach((member, rank) => {
      placed[member] = centre + (rank - (members.length - 1) / 2) * distance;
    });
  }
  return placed;
}

/** Where a block's centre would like to be, kept within the bounds. */
function centreOf(
  members: readonly number[],
  wanted: readonly number[],
  { top, bottom, distance }: LabelBounds,
): number {
  const half = ((members.length - 1) * distance) / 2;
  const mean = members.reduce((total, member) => total + (wanted[member] ?? 0), 0) / members.length;
  return Math.min(Math.max(mean, top + half), bottom - half);
}

function touches(above: Block, below: Block, distance: number): boolean {
  const end = above.centre + ((above.members.length - 1) * distance) / 2;
  const start = below.centre - ((below.members.length - 1) * distance) / 2;
  return start - end < distance - 1e-9;
}
