import { isIPv6 } from "node:net";
import type { HostPort } from "../genesis/genesis.ts";
import type { StatusReport } from "../observability/status-report.ts";

const TIMEOUT_MILLIS = 2_000;

/** What a replica says of itself at `GET /status`. Rejects if it does not answer within two seconds. */
export async function fetchStatus(gateway: HostPort, signal?: AbortSignal): Promise<StatusReport> {
  const timeout = AbortSignal.timeout(TIMEOUT_MILLIS);
  const until = signal === undefined ? timeout : AbortSignal.any([timeout, signal]);
  const response = await fetch(new URL("/status", urlOf(gateway)), { signal: until });
  if (!response.ok) throw new Error(`HTTP status ${response.status}`);
  return (await response.json()) as StatusReport;
}

/** A gateway's address for people and browsers. */
export function urlOf({ host, port }: HostPort): string {
  return `http://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}
