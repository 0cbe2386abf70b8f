// The live page: for each transport that /served names, the client a browser has for it, and what it received.

const served = await (await fetch('served')).json();
const offsetUs = await clockOffsetUs();
const count = new Intl.NumberFormat('en-US');

for (const { transport, name, pollIntervalMs, address } of served) {
  const panel = openPanel(name);
  const base = `at/${address}`;
  if (transport === 'polling') void poll(`${base}/dashboard?audience=0`, pollIntervalMs, panel);
  else if (transport === 'long-polling') void longPoll(`${base}/dashboard?audience=0`, panel);
  else if (transport === 'sse') stream(`${base}/events?audience=0`, panel);
  else socket(`${base}/ws?audience=0`, panel);
}

async function poll(url, intervalMs, panel) {
  await ask(url, panel);
  setTimeout(poll, intervalMs, url, intervalMs, panel);
}

async function longPoll(url, panel) {
  const isAnswered = await ask(panel.version < 0 ? url : `${url}&after=${panel.version}`, panel);
  setTimeout(longPoll, isAnswered ? 0 : 1000, url, panel);
}

/** True when it was answered, with news or without. */
async function ask(url, panel) {
  try {
    const response = await fetch(url, { cache: 'no-store', headers: { Accept: 'application/json' } });
    if (!response.ok) throw new Error(`status ${response.status}`);
    panel.tell('open', 'connected');
    if (response.status === 200) panel.show(await response.text());
    return true;
  } catch (error) {
    panel.tell('lost', `lost (${error.message}), asks again`);
    return false;
  }
}

function stream(url, panel) {
  const source = new EventSource(url);
  source.onopen = () => panel.tell('open', 'connected');
  source.onmessage = ({ data }) => panel.show(data);
  source.onerror = () => {
    const isOver = source.readyState === EventSource.CLOSED;
    panel.tell(
      'lost',
      isOver ? 'closed: the browser does not come back after an error' : 'lost, the browser comes back',
    );
  };
}

function socket(path, panel, attempt = 0) {
  const webSocket = new WebSocket(new URL(path, location.href.replace(/^http/, 'ws')));
  let tried = attempt;
  webSocket.onopen = () => {
    tried = 0;
    panel.tell('open', 'connected');
  };
  webSocket.onmessage = ({ data }) => {
    if (JSON.parse(data).type === 'ping') webSocket.send('{"type":"pong"}');
    else panel.show(data);
  };
  webSocket.onclose = ({ code }) => {
    const isFinal = code === 1000 || code === 1008;
    const delayMs = Math.min(30_000, 1000 * 2 ** tried) * (1 + 0.3 * Math.random());
    panel.tell(
      'lost',
      isFinal ? `closed with ${code}` : `lost with ${code}, again in ${(delayMs / 1000).toFixed(1)} s`,
    );
    if (!isFinal) setTimeout(socket, delayMs, path, panel, tried + 1);
  };
}

function openPanel(name) {
  const section = document.querySelector('template').content.cloneNode(true).firstElementChild;
  section.dataset.contender = name;
  section.querySelector('h2').textContent = name;
  document.querySelector('main').append(section);
  const write = (what, text) => {
    section.querySelector(`[data-is="${what}"]`).textContent = text;
  };
  let messages = 0;
  let bytes = 0;
  return {
    version: -1,
    tell(state, text) {
      if (section.dataset.state === state && state === 'open') return;
      section.dataset.state = state;
      section.querySelector('.state').textContent = text;
    },
    show(json) {
      const nowUs = performance.now() * 1000 + offsetUs;
      const { version, intendedUs, tiles } = JSON.parse(json);
      messages += 1;
      bytes += new TextEncoder().encode(json).length;
      write('messages', count.format(messages));
      write('bytes', bytes < 10_000 ? `${count.format(bytes)} B` : `${count.format(Math.round(bytes / 1000))} kB`);
      if (version <= this.version) return;
      // What was there before this page is no change that it waited for.
      if (this.version >= 0)
        write('freshness', `${count.format(Math.max(0, Math.round((nowUs - intendedUs) / 1000)))} ms`);
      this.version = version;
      write('version', count.format(version));
      section.querySelector('tbody').replaceChildren(...tiles.map(rowOf));
    },
  };
}

function rowOf({ name, ...figures }) {
  const row = document.createElement('tr');
  const head = document.createElement('th');
  head.scope = 'row';
  head.textContent = name;
  row.append(head);
  for (const figure of [figures.count, figures.total, figures.mean])
    row.insertCell().textContent = count.format(figure);
  return row;
}

/** What this page's clock lacks to the servers', in µs: of several readings the one with the shortest round trip. */
async function clockOffsetUs() {
  let best = { tripMs: Number.POSITIVE_INFINITY, offsetUs: 0 };
  for (let i = 0; i < 8; i++) {
    const sentMs = performance.now();
    const nowUs = Number(await (await fetch('clock', { cache: 'no-store' })).text());
    const tripMs = performance.now() - sentMs;
    if (tripMs < best.tripMs) best = { tripMs, offsetUs: nowUs - (sentMs + tripMs / 2) * 1000 };
  }
  return best.offsetUs;
}
