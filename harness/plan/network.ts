// What lies between clients and server nodes besides the balancer itself, as data: where clients seem to come from, and how patient a proxy is.
import type { SettingValue } from '../contract/settings.ts';

export interface NetworkPlan {
  /** All clients come from one address, as from behind a company's proxy; otherwise each from a network of its own. */
  readonly oneAddress: boolean;
  /** After so long without a byte from a node the proxy cuts a connection; `null`: it waits for as long as a stream may be silent. */
  readonly proxyTimeoutUs: number | null;
}

/** The settings of a scenario that need a proxy: without one they would mean nothing. */
export const networkSettings = ['sources', 'proxy-timeout'] as const;

/** The network that these settings describe. */
export function networkOf(settings: Readonly<Record<string, SettingValue>>): NetworkPlan {
  const timeout = settings['proxy-timeout'];
  return { oneAddress: settings.sources === 'one', proxyTimeoutUs: timeout === undefined ? null : Number(timeout) };
}
