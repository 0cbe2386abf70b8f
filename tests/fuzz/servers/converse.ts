// Holds one conversation with a server: connects, writes, reads what comes, and leaves. Counts the answers by status.
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { FrameReader } from '../../../harness/swarm/readers/frame-reader.ts';
import { HttpResponseReader } from '../../../harness/swarm/readers/http-response-reader.ts';
import type { Conversation } from './conversation.ts';
import { lastPing } from './frames.ts';

/** How long nothing has to come before we leave: streams and held requests never end by themselves. */
const quietMs = 250;

export interface Answers {
  /** Responses by status; `frames` are those a WebSocket server sent. */
  readonly counts: Map<string, number>;
  /** Frames that break RFC 6455. */
  readonly breaches: string[];
  refusedConnections: number;
}

/** Resolves when the connection is over; never rejects. */
export async function converse(port: number, conversation: Conversation, answers: Answers): Promise<void> {
  const { pieces, last, pauseMs, inputs, leaving } = conversation;
  const socket = connect({ host: '127.0.0.1', port, noDelay: true, allowHalfOpen: true });
  const listener = new Listener(socket, answers);
  const isOpen = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true)).once('close', () => resolve(false));
  });
  if (!isOpen) {
    answers.refusedConnections++;
    return;
  }
  for (const piece of pieces) {
    if (socket.destroyed) break;
    socket.write(piece);
    if (pauseMs > 0) await sleep(pauseMs);
  }
  if (last.length > 0 && (await listener.settle(inputs - 1)) === 'open') socket.write(last);
  if (leaving === 'half-close') socket.end();
  await listener.settle(inputs);
  if (leaving === 'reset') socket.resetAndDestroy();
  else socket.end(() => socket.destroy());
  if (!socket.closed) await new Promise<void>((resolve) => socket.once('close', () => resolve()));
}

class Listener {
  readonly #answers: Answers;
  readonly #frames: FrameReader;
  readonly #responses: HttpResponseReader;
  readonly #quiet: NodeJS.Timeout;
  #isUpgraded = false;
  #isOver = false;
  #answered = 0;
  #awaited = 0;
  #settled: ((state: 'open' | 'over') => void) | null = null;

  constructor(socket: Socket, answers: Answers) {
    this.#answers = answers;
    this.#frames = new FrameReader({
      onMessage: () => this.#count('frames'),
      onPing: () => this.#count('frames'),
      onPong: (buffer, start, end) => {
        this.#count('frames');
        if (lastPing.equals(buffer.subarray(start, end))) this.#answer(this.#awaited - this.#answered);
      },
      onClose: (code) => {
        this.#count(`close ${code}`);
        this.#end();
      },
      onProtocolError: (error) => void answers.breaches.push(error.message),
    });
    this.#responses = new HttpResponseReader({
      onHead: ({ status }) => {
        this.#count(String(status));
        this.#isUpgraded = status === 101;
      },
      onBody: () => {},
      onMessageEnd: () => this.#answer(1),
      // The answer to a HEAD announces a body that does not come; this reader is for clients that send none.
      onProtocolError: () => {},
    });
    this.#quiet = setTimeout(() => this.#settle(), quietMs);
    const end = () => this.#end();
    socket
      .on('data', (bytes) => this.#read(bytes))
      .on('error', end)
      .on('end', end)
      .on('close', end);
  }

  /** Resolves when so many requests were answered, when nothing comes any more, or when the server has ended it. */
  settle(answers: number): Promise<'open' | 'over'> {
    return new Promise((resolve) => {
      if (this.#isOver || this.#answered >= answers) return resolve(this.#isOver ? 'over' : 'open');
      this.#awaited = answers;
      this.#settled = resolve;
      this.#quiet.refresh();
    });
  }

  #answer(count: number): void {
    this.#answered += count;
    if (this.#answered >= this.#awaited) this.#settle();
  }

  #end(): void {
    this.#isOver = true;
    this.#settle();
  }

  #settle(): void {
    this.#settled?.(this.#isOver ? 'over' : 'open');
    this.#settled = null;
    if (this.#isOver) clearTimeout(this.#quiet);
  }

  #read(bytes: Buffer): void {
    if (!this.#isOver) this.#quiet.refresh();
    const start = this.#isUpgraded ? 0 : this.#responses.push(bytes, 0, bytes.length);
    if (this.#isUpgraded && start < bytes.length) this.#frames.push(bytes, start, bytes.length);
  }

  #count(what: string): void {
    const { counts } = this.#answers;
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
}
