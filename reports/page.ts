// Drawn runs → report.html: one file that needs nothing else, complete without JavaScript.
import { escapeHtml } from './escape.ts';
import { headlineOf } from './headline.ts';
import type { Assets } from './page/assets.ts';
import { renderJointTable } from './page/joint-table.ts';
import { type DrawnRun, renderRunReport, runId } from './page/run-report.ts';

/** The page of one run, or of several below a table of all. */
export function renderPage(runs: readonly [DrawnRun, ...DrawnRun[]], assets: Assets): string {
  const [first] = runs;
  const title = runs.length === 1 ? (headlineOf(first.run).sentences[0] ?? '') : `${runs.length} runs`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${assets.policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${escapeHtml(`Freshet: ${title}`)}</title>
<style>${assets.style}</style>
</head>
<body>
<button type="button" id="theme" hidden>Light or dark</button>
<main>
${runs.length === 1 ? renderRunReport(first, null) : renderRuns(runs)}
</main>
<div id="tip" role="status"></div>
<script>${assets.script}</script>
</body>
</html>
`;
}

function renderRuns(runs: readonly DrawnRun[]): string {
  const articles = runs.map(
    (drawn, index) =>
      `<article id="${runId(index + 1)}" aria-label="Run ${index + 1}"><p class="run">Run ${index + 1}</p>${renderRunReport(drawn, index + 1)}</article>`,
  );
  return `<header><p class="top">Freshet</p><h1>${runs.length} runs</h1></header>${renderJointTable(runs.map(({ run }) => run))}${articles.join('\n')}`;
}
