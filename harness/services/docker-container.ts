// A service in a container, through testcontainers. In: image, command, files. Out: a Service that ends with the run, whatever ends that.
// Containers share this machine's network: a published port would halve what Postgres can do, and nginx must reach nodes on loopback.
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { nowUs, sleepUs } from '../contract/clock.ts';
import { FreshetError, messageOf } from '../contract/errors.ts';
import { buildBundles } from './bundle.ts';
import { findDockerSocket } from './docker-socket.ts';
import type { Guard } from './guard.ts';
import { namespacedPid } from './processes.ts';
import type { Service } from './service.ts';

export interface ContainerPlan {
  readonly guard: Guard;
  readonly name: Service['name'];
  readonly image: ContainerImage;
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Copied into it before it starts, readable by all its users. */
  readonly files?: readonly { readonly target: string; readonly content: string }[];
  readonly url: string;
  /** Uses it once: rejects as long as it is not ready, resolves with its version. */
  readonly use: () => Promise<string>;
  /** What ends it as a crash would; SIGKILL by default. */
  readonly crashSignal?: NodeJS.Signals;
}

/** Its name, and where another can be named. */
export interface ContainerImage {
  readonly name: string;
  readonly variable: string;
}

const readyTimeoutUs = 60_000_000;
const readyCheckUs = 50_000;
const stopGraceSeconds = 5;
const undoEntry = fileURLToPath(new URL('undo-container.ts', import.meta.url));

/** Starts it, pulling its image first where that is not there. Throws `environment` with the container's own words when it does not get ready. */
export async function startContainer(plan: ContainerPlan): Promise<Service> {
  const { guard } = plan;
  const name = `freshet-${guard.runId}-${plan.name}-${randomBytes(3).toString('hex')}`;
  const forget = await addUndo(guard, name);
  const container = await createContainer(plan, name);
  const run = new ContainerRun(plan, container);
  try {
    const version = await run.untilReady();
    return run.asService(version, forget);
  } catch (error) {
    await run.remove();
    forget();
    throw error;
  }
}

/** What an image's program says of itself, such as its version. */
export async function runOnce(options: Pick<ContainerPlan, 'guard' | 'image' | 'command' | 'name'>): Promise<string> {
  const { guard } = options;
  const name = `freshet-${guard.runId}-${options.name}-${randomBytes(3).toString('hex')}`;
  const forget = await addUndo(guard, name);
  const container = await createContainer(options, name);
  await container.wait();
  const said = await readLog(container);
  await removeContainer(container);
  forget();
  return said;
}

/** Told before it is created, so that no moment exists in which it could stay behind. */
async function addUndo(guard: Guard, name: string): Promise<() => void> {
  const socketPath = await findDockerSocket();
  const key = `undo-${name}`;
  await buildBundles(guard.directory, { [key]: undoEntry });
  guard.addUndo(key, JSON.stringify({ socketPath, name }));
  return () => guard.cancelUndo(key);
}

type Container = Awaited<ReturnType<typeof createContainer>>;

async function createContainer(
  {
    guard,
    image,
    command,
    environment = {},
    files = [],
  }: Pick<ContainerPlan, 'guard' | 'image' | 'command' | 'environment' | 'files'>,
  name: string,
) {
  const { GenericContainer, getContainerRuntimeClient } = await import('testcontainers');
  try {
    const started = await new GenericContainer(image.name)
      .withName(name)
      .withNetworkMode('host')
      .withLabels({ 'freshet.run': guard.runId })
      .withEnvironment({ ...environment })
      .withCopyContentToContainer(files.map((file) => ({ ...file, mode: 0o644 })))
      .withCommand([...command])
      .start();
    return (await getContainerRuntimeClient()).container.dockerode.getContainer(started.getId());
  } catch (error) {
    throw new FreshetError(
      'environment',
      `a container of ${image.name} could not be started: ${messageOf(error)}; expected an image that is here or can be pulled; ` +
        `name another in ${image.variable}` +
        (process.env.TESTCONTAINERS_RYUK_DISABLED === 'true'
          ? ''
          : ', and set TESTCONTAINERS_RYUK_DISABLED=true where testcontainers/ryuk cannot be had'),
      { cause: error },
    );
  }
}

/** A container from its start to its end, and from each restart. */
class ContainerRun {
  readonly #plan: ContainerPlan;
  readonly #container: Container;
  #pid: number | null = null;
  #askedToEnd = false;
  #tellLoss: (loss: FreshetError) => void = () => {};
  readonly #lost = new Promise<FreshetError>((resolve) => {
    this.#tellLoss = resolve;
  });

  constructor(plan: ContainerPlan, container: Container) {
    this.#plan = plan;
    this.#container = container;
  }

  /** Resolves with its version. */
  async untilReady(): Promise<string> {
    const { use } = this.#plan;
    const limitUs = nowUs() + readyTimeoutUs;
    for (;;) {
      const attempt = await use().then(
        (version) => ({ version }),
        (error: unknown) => ({ problem: messageOf(error) }),
      );
      const { State: state } = await this.#container.inspect();
      if (!state.Running) throw this.#failure(`ended with exit code ${state.ExitCode}`, await readLog(this.#container));
      if ('version' in attempt) {
        this.#pid = namespacedPid(state.Pid) === 1 ? state.Pid : null;
        void this.#watch();
        return attempt.version;
      }
      if (nowUs() > limitUs)
        throw this.#failure(
          `was not ready after ${readyTimeoutUs / 1e6} s (${attempt.problem}; Docker Desktop needs host networking enabled)`,
          await readLog(this.#container),
        );
      await sleepUs(readyCheckUs);
    }
  }

  asService(version: string, forget: () => void): Service {
    const pid = () => this.#pid;
    let stopped: Promise<void> | null = null;
    const end = async () => {
      await this.#stop();
      await this.remove();
      forget();
    };
    const { name, url, crashSignal = 'SIGKILL' } = this.#plan;
    return {
      name,
      driver: 'docker',
      version,
      url,
      get pid() {
        return pid();
      },
      lost: this.#lost,
      interruption: {
        begin: (how) => (how === 'cleanly' ? this.#stop() : this.#crash(crashSignal)),
        end: async () => {
          await this.#container.start();
          await this.untilReady();
        },
      },
      stop: () => {
        stopped ??= end();
        return stopped;
      },
    };
  }

  async remove(): Promise<void> {
    await removeContainer(this.#container);
  }

  async #stop(): Promise<void> {
    this.#askedToEnd = true;
    await this.#container.stop({ t: stopGraceSeconds }).catch(unlessGone);
  }

  async #crash(signal: NodeJS.Signals): Promise<void> {
    this.#askedToEnd = true;
    const gone = this.#container.wait();
    await this.#container.kill({ signal });
    await gone;
  }

  async #watch(): Promise<void> {
    this.#askedToEnd = false;
    const { StatusCode: code } = await this.#container.wait().catch(() => ({ StatusCode: null }));
    if (this.#askedToEnd) return;
    const said = await readLog(this.#container).catch(() => '');
    this.#tellLoss(
      this.#failure(`died during the run (${code === null ? 'its container is gone' : `exit code ${code}`})`, said),
    );
  }

  #failure(what: string, said: string): FreshetError {
    const { name, image } = this.#plan;
    const words = said.trim().split('\n').slice(-3).join(' | ');
    return new FreshetError(
      'environment',
      `${name} in a container of ${image.name} ${what}; expected it to live until the end` +
        (words === '' ? '' : `; its last lines: ${words}`),
    );
  }
}

async function removeContainer(container: Container): Promise<void> {
  // Its anonymous volumes too.
  await container.remove({ force: true, v: true }).catch(unlessGone);
}

/** 304: it had ended. 404: there is none any more. 409: it is being removed. */
function unlessGone(error: unknown): void {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : null;
  if (status !== 304 && status !== 404 && status !== 409) throw error;
}

/** The last lines of stdout and stderr. Each chunk begins with eight bytes of its own, which are no text. */
async function readLog(container: Container): Promise<string> {
  const bytes = await container.logs({ stdout: true, stderr: true, tail: 20 });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be removed
  return bytes.toString('utf8').replaceAll(/[\x00-\x08\x0b-\x1f\ufffd]/g, '');
}
