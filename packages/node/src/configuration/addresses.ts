import { randomInt } from "node:crypto";
import { createServer, isIP, type Server } from "node:net";
import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import type { HostPort } from "../genesis/genesis.ts";

/** Ports of one replica, one after the other: mesh, clients, HTTP. */
const PORTS_EACH = 3;
/** First port on machines that we cannot ask whether it is free. */
const REMOTE_BASE_PORT = 7_100;
/** Where to look for free ports: above the well-known, below those that systems hand out by themselves. */
const LOCAL_PORT_MIN = 10_000;
const LOCAL_PORT_MAX = 30_000;
const PORT_MAX = 65_535;
const ATTEMPTS_MAX = 64;

/** Who may reach the HTTP gateways: programs of the same machine, whoever reaches the replica, or nobody. */
export type HttpExposure = "loopback" | "exposed" | "off";

/** Where the replicas of a new cluster are to be. */
export interface AddressPlan {
  /** One host per replica. */
  readonly hosts: readonly string[];
  /** First port on each host; found if absent. */
  readonly basePort?: number | undefined;
  readonly http: HttpExposure;
}

/** One replica's addresses, as others reach them and as it listens. */
export interface ReplicaAddresses {
  readonly host: string;
  readonly reached: { readonly mesh: HostPort; readonly client: HostPort; readonly http: HostPort | null };
  readonly listen: { readonly mesh: HostPort; readonly client: HostPort; readonly http: HostPort | null };
}

/** The host of each replica: `{i}` in the template is its id. */
export function hostsOf(template: string, n: number): readonly string[] {
  return Array.from({ length: n }, (_, i) => template.replaceAll("{i}", String(i)));
}

/** Gives every replica its ports; replicas on one host get consecutive ones. */
export async function planAddresses(plan: AddressPlan): Promise<readonly ReplicaAddresses[]> {
  const base = plan.basePort ?? (await chooseBase(plan.hosts));
  const taken = new Map<string, number>();
  return plan.hosts.map((host) => {
    const first = base + PORTS_EACH * (taken.get(host) ?? 0);
    taken.set(host, (taken.get(host) ?? 0) + 1);
    if (first < 1 || first + PORTS_EACH - 1 > PORT_MAX) {
      throw new ConfigurationError(
        `the ports from ${base} on are too few for all replicas: give a lower first port`,
      );
    }
    return addressesOf(host, first, plan.http);
  });
}

function addressesOf(host: string, first: number, http: HttpExposure): ReplicaAddresses {
  const own = isIP(host) === 0 ? "0.0.0.0" : host;
  const loopback = isLoopback(host);
  const [mesh, client, gateway] = [first, first + 1, first + 2];
  const reachable = http === "exposed" || (http === "loopback" && loopback);
  const httpHost = http === "exposed" ? own : loopback && isIP(host) !== 0 ? host : "127.0.0.1";
  return {
    host,
    reached: {
      mesh: { host, port: mesh },
      client: { host, port: client },
      http: reachable ? { host, port: gateway } : null,
    },
    listen: {
      mesh: { host: own, port: mesh },
      client: { host: own, port: client },
      http: http === "off" ? null : { host: httpHost, port: gateway },
    },
  };
}

/** Whether only programs of the same machine reach this host. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

/** A first port from which on enough ports are free, if all replicas are on this machine. */
async function chooseBase(hosts: readonly string[]): Promise<number> {
  const [host = "127.0.0.1"] = hosts;
  if (!isLoopback(host) || hosts.some((other) => other !== host)) return REMOTE_BASE_PORT;
  const count = PORTS_EACH * hosts.length;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    // Anywhere in the range, since another cluster may be looking at the same moment.
    const base = randomInt(LOCAL_PORT_MIN, LOCAL_PORT_MAX - count);
    if (await areFree(host, base, count)) return base;
  }
  throw new ConfigurationError(`no ${count} consecutive ports are free on ${host}: give a first port`);
}

async function areFree(host: string, base: number, count: number): Promise<boolean> {
  const servers: Server[] = [];
  try {
    for (let port = base; port < base + count; port += 1) servers.push(await listen(host, port));
    return true;
  } catch {
    return false;
  } finally {
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

function listen(host: string, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ host, port }, () => resolve(server));
  });
}
