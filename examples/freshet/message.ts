// What a message of Freshet's own servers tells. They stamp changes with the machine's monotonic clock, so they must run on this machine.
import { hrtime } from 'node:process';
import type { Told } from 'freshet/target';

/** What the calendar's clock is ahead of the monotonic one, ms. */
const aheadMs = Date.now() - Number(hrtime.bigint()) / 1e6;

export function decodeDashboard(message: string): Told {
  const { version, intendedUs } = JSON.parse(message) as { version: number; intendedUs: number };
  return intendedUs > 0 ? { version, changedAt: aheadMs + intendedUs / 1000 } : { version };
}
