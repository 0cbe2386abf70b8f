// POST /actions?audience=K, for clients whose feed is not a socket they can send on: JSON in, the version that the action made out.
// 400: no action; 405: no POST; 413: too much of it; 415: no JSON, which a form of another site could not send unasked either.
import type { IncomingMessage } from 'node:http';
import type { Actions } from './actions.ts';
import type { Admission, Admitted, Refusal } from './admission.ts';
import { type Answer, answer, type Exchange, failures, refusalOf } from './http.ts';
import type { Metrics } from './metrics.ts';
import type { ActionAnswer, ActionRefusal } from './protocol.ts';

export interface ActionEndpoint {
  readonly actions: Pick<Actions, 'take'>;
  readonly admission: Pick<Admission, 'judgeAction'>;
  readonly metrics: Metrics;
  /** Of a body. */
  readonly maxBytes: number;
}

const empty = { 'Content-Length': 0 };
const refusals: Readonly<Record<ActionRefusal, Answer>> = { ...failures, malformed: { status: 400, headers: empty } };
const postOnly: Answer = { status: 405, headers: { Allow: 'POST', ...empty } };
const unsupported: Answer = { status: 415, headers: { Accept: 'application/json', ...empty } };
/** What follows of the body is nobody's. */
const tooLarge: Answer = { status: 413, headers: { Connection: 'close', ...empty } };

/** Answers one request; rejects only where the admission's own question failed. */
export async function serveAction(
  { actions, admission, metrics, maxBytes }: ActionEndpoint,
  { request, response, search }: Exchange,
): Promise<void> {
  const refuse = (refusal: Answer) => answer(metrics, response, refusal);
  if (request.method !== 'POST') return refuse(postOnly);
  const verdict: Admitted | Refusal = await admission.judgeAction(request, search);
  if (typeof verdict === 'number') return refuse(refusalOf(verdict));
  if (!/^application\/json(;|$)/i.test(request.headers['content-type'] ?? '')) return refuse(unsupported);
  const body = await readBody(request, maxBytes);
  if (body === 'too large') return refuse(tooLarge);
  if (body === 'gone') return;
  const made = await actions.take(verdict.audience, parseJson(body.toString('utf8')));
  if (typeof made === 'string') return refuse(refusals[made]);
  const text = Buffer.from(JSON.stringify({ version: made } satisfies ActionAnswer));
  const headers = {
    'Content-Type': 'application/json',
    'Content-Length': text.length,
    'Cache-Control': 'no-store',
  };
  answer(metrics, response, { status: 200, headers, body: text });
}

/** The whole body; beyond the limit it is let go by unread. */
async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | 'too large' | 'gone'> {
  // Whoever left while somebody was asked about the token: nothing more is emitted.
  if (request.destroyed) return 'gone';
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return 'too large';
  const chunks: Buffer[] = [];
  let length = 0;
  return new Promise((resolve) => {
    request
      .on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length <= maxBytes) chunks.push(chunk);
        else resolve('too large');
      })
      .on('end', () => resolve(Buffer.concat(chunks)))
      .on('error', () => resolve('gone'))
      .on('close', () => resolve('gone'));
  });
}

/** What is no JSON is no action either. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
