// Where Docker is. Its containers share our network and we read their CPU time, so it must run on this machine.
import { FreshetError, messageOf } from '../contract/errors.ts';

/** Where Docker listens on this machine. Throws `environment` when there is none, or it is elsewhere. */
export async function findDockerSocket(): Promise<string> {
  // Containers listen on the loopback that they share with us. Inside a container testcontainers would ask for another address, and fail
  // where Docker has no default network.
  process.env.TESTCONTAINERS_HOST_OVERRIDE ??= '127.0.0.1';
  const { getContainerRuntimeClient } = await import('testcontainers');
  let socket: unknown;
  try {
    ({ socketPath: socket } = (await getContainerRuntimeClient()).container.dockerode.modem as {
      socketPath?: unknown;
    });
  } catch (error) {
    throw new FreshetError(
      'environment',
      `no Docker: ${messageOf(error)}; expected one that runs on this machine; start it, or leave out --services docker`,
      { cause: error },
    );
  }
  if (typeof socket === 'string') return socket;
  throw new FreshetError(
    'environment',
    `Docker is at ${process.env.DOCKER_HOST ?? 'a network address'}; expected a socket of this machine, whose network the containers share; ` +
      'unset DOCKER_HOST, or pass --postgres and --redis',
  );
}
