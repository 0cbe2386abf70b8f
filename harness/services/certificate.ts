// A certificate that vouches for this machine's loopback address for a day: for servers that speak TLS. In: a directory. Out: PEM files.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generate } from 'selfsigned';

export interface Certificate {
  readonly certificateFile: string;
  /** Readable by its owner only. */
  readonly keyFile: string;
  /** PEM; it signs itself, so who trusts it trusts the servers. */
  readonly certificate: string;
}

/** Makes an ECDSA P-256 pair, as most sites have, in `directory`; what is there of an earlier one is replaced. */
export async function makeCertificate(directory: string, host: string): Promise<Certificate> {
  const { cert: certificate, private: key } = await generate([{ name: 'commonName', value: 'Freshet' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: host }] }],
  });
  const certificateFile = join(directory, 'certificate.pem');
  const keyFile = join(directory, 'key.pem');
  await writeFile(certificateFile, certificate);
  await writeFile(keyFile, key, { mode: 0o600 });
  return { certificateFile, keyFile, certificate };
}
