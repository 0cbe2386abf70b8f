// A load balancer's access log → how many of its lines give a client's token away to whoever may read logs.
import { readFile } from 'node:fs/promises';

/** Lines of the file that hold the token as it was sent. Waits for nobody: the clients must have gone. */
export async function countTokensLogged(file: string, token: string): Promise<number> {
  const written = [token, encodeURIComponent(token)];
  const lines = (await readFile(file, 'utf8')).split('\n');
  return lines.filter((line) => written.some((each) => line.includes(each))).length;
}
