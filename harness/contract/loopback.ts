// Which hosts are this machine for certain, without asking anyone.

/** A loopback name or address, IPv6 with or without the brackets of a URL. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d+){3}$/.test(host);
}
