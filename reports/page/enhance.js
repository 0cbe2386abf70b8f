// Runs in the reader's browser: the theme button, tooltips by pointer and arrow keys, and one contender set off in all charts.
// The page is complete without it. The texts are those that the charts carry on their invisible hit marks.
const root = document.documentElement;
const tip = document.getElementById('tip');
const reachPx = 48;

const button = document.getElementById('theme');
button.hidden = false;
button.addEventListener('click', () => {
  const dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  root.dataset.theme = dark ? 'light' : 'dark';
});

// A contender's colour is the same in every chart and table: `var(--sse-0)`, or `var(--sse-0-text)` for words.
const seriesOf = (element) =>
  /var\(--((?:polling|long-polling|sse|websocket)-\d)/.exec(
    `${element.getAttribute('fill')} ${element.getAttribute('stroke')}`,
  )?.[1];
const coloured = [...document.querySelectorAll('svg [fill*="var("], svg [stroke*="var("]')]
  .filter((element) => !element.dataset.tip)
  .map((element) => ({ element, series: seriesOf(element) }))
  .filter(({ series }) => series);

/** Dims every mark of other contenders; `undefined` sets off none. */
let setOff;
function highlight(series) {
  if (series === setOff) return;
  setOff = series;
  for (const each of coloured) each.element.toggleAttribute('data-dim', Boolean(series) && each.series !== series);
}

for (const row of document.querySelectorAll('tr:has(.key)')) {
  row.addEventListener('pointerenter', () => highlight(seriesOf(row.querySelector('.key path'))));
  row.addEventListener('pointerleave', () => highlight(undefined));
}

for (const plot of document.querySelectorAll('.plot')) {
  const hits = [...plot.querySelectorAll('[data-tip]')].filter((hit) => hit.dataset.tip);
  if (hits.length === 0) continue;
  let current = -1;
  plot.tabIndex = 0;
  plot.setAttribute('role', 'group');
  plot.setAttribute('aria-label', 'Chart; the arrow keys read its points');
  plot.addEventListener('pointermove', (event) => show(nearest(hits, event.clientX, event.clientY)));
  plot.addEventListener('pointerleave', () => show(undefined));
  plot.addEventListener('blur', () => show(undefined));
  plot.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === 'Escape') show(undefined);
    if (!step) return;
    event.preventDefault();
    current = (current + step + hits.length) % hits.length;
    show(hits[current]);
  });
}

function nearest(hits, x, y) {
  let best;
  let bestDistance = reachPx;
  for (const hit of hits) {
    const box = hit.getBoundingClientRect();
    const distance = Math.hypot(box.x + box.width / 2 - x, box.y + box.height / 2 - y);
    if (distance < bestDistance) [best, bestDistance] = [hit, distance];
  }
  return best;
}

let shown;
function show(hit) {
  if (hit === shown) return;
  shown?.removeAttribute('data-shown');
  shown = hit;
  tip.textContent = hit ? hit.dataset.tip : '';
  highlight(hit && seriesOf(hit));
  if (!hit) return;
  hit.setAttribute('data-shown', '');
  place(hit);
}

function place(hit) {
  const box = hit.getBoundingClientRect();
  const left = box.x + box.width / 2 - tip.offsetWidth / 2;
  tip.style.left = `${Math.max(8, Math.min(left, innerWidth - tip.offsetWidth - 8))}px`;
  const above = box.y + box.height / 2 - tip.offsetHeight - 12;
  tip.style.top = `${above < 8 ? box.y + box.height / 2 + 14 : above}px`;
}

// A table that is wider than its place is scrolled by keyboard too; any other would be a stop for nothing.
function reachTables() {
  for (const table of document.querySelectorAll('.table'))
    table.tabIndex = table.scrollWidth > table.clientWidth ? 0 : -1;
}
reachTables();
addEventListener('resize', reachTables);
document.addEventListener('toggle', reachTables, true);

// Focusing a chart scrolls it into view, so a tip goes with its point and not away.
addEventListener('scroll', () => shown && place(shown), { passive: true });
