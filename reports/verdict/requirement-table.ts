// A run and its candidates → the table of who meets what: a row a contender, the simplest first, a column a requirement.
import { capabilityOf } from '../../harness/contract/capabilities.ts';
import { metricOf } from '../../harness/contract/metrics.ts';
import type { Requirement } from '../../harness/contract/requirement.ts';
import type { Cell, Table } from '../table.ts';
import type { Candidate, Judgement } from './judge.ts';
import { simplicityText } from './traits.ts';
import { figureName, limitText, requirementText } from './wording.ts';

const outcomeWords: Readonly<Record<Judgement['outcome'], string>> = { met: 'yes', missed: 'no', open: 'open' };

/** The table; `candidates` are all before the same requirements, of which there is at least one. */
export function requirementTableOf(candidates: readonly Candidate[]): Table {
  const footnotes: string[] = [];
  const requirements = candidates[0]?.judgements.map(({ requirement }) => requirement) ?? [];
  const hasWhole = requirements.length > 1 || candidates.some(({ outcome }) => outcome === 'overloaded');
  return {
    caption: 'Who meets what is required',
    rowHeading: 'contender',
    columns: [
      ...requirements.map(columnOf),
      ...(hasWhole ? [{ above: '', below: 'all', heading: 'all', meaning: 'Whether it meets everything' }] : []),
    ],
    rows: candidates.map(({ contender, judgements, outcome }) => ({
      label: contender.name,
      transport: contender.transport,
      cells: [
        ...judgements.map((each) => cellOf(each, footnotes)),
        ...(hasWhole ? [{ text: outcome, note: null }] : []),
      ],
    })),
    footnotes,
    remarks: [...requirements.flatMap(meaningOf), simplicityText],
  };
}

function columnOf(requirement: Requirement): Table['columns'][number] {
  const heading = requirementText(requirement);
  return requirement.kind === 'capability'
    ? { above: '', below: heading, heading, meaning: capabilityOf(requirement.capability).meaning }
    : {
        above: figureName(requirement),
        below: limitText(requirement),
        heading,
        meaning: metricOf(requirement.metric).meaning,
      };
}

/** A capability's name leaves more open than a figure's. */
function meaningOf(requirement: Requirement): string[] {
  return requirement.kind === 'capability'
    ? [`${requirement.capability}: ${capabilityOf(requirement.capability).meaning}.`]
    : [];
}

function cellOf({ outcome, shown, remark }: Judgement, footnotes: string[]): Cell {
  const text = shown === null ? outcomeWords[outcome] : `${outcomeWords[outcome]}, ${shown}`;
  if (remark === null) return { text, note: null };
  const known = footnotes.indexOf(remark);
  return { text, note: known >= 0 ? known + 1 : footnotes.push(remark) };
}
