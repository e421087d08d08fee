import { connect } from "@destiny/client/client";
import type { ClusterDescription } from "@destiny/client/cluster-description";
import type { Service } from "@destiny/core/service/service";
import type { ReplicaConfiguration } from "../configuration/replica-configuration.ts";
import { Bundler } from "../gateway/bundler.ts";
import { HttpGateway } from "../gateway/http-gateway.ts";
import { describeCluster } from "../genesis/describe-cluster.ts";
import type { HostPort } from "../genesis/genesis.ts";
import { startReplica } from "../host/start.ts";
import type { HostLog, RunningReplica } from "../host/types.ts";
import { type Log, partLog } from "../observability/logger.ts";
import { createMetrics, type Metrics } from "../observability/metrics.ts";
import { type NodeAddresses, statusReport } from "../observability/status-report.ts";

/** From the first byte of an HTTP request to its last. */
const REQUEST_TIMEOUT_MILLIS = 30_000;

/** A replica that serves, its gateway included. */
export interface Serving {
  readonly addresses: NodeAddresses;
  /** Stops cleanly. */
  stop(): Promise<void>;
  /** As {@link RunningReplica.failed}. */
  readonly failed: Promise<Error>;
}

/**
 * Starts a replica with its gateway and metrics; nothing is left running if it rejects. It replicates the key-value store
 * if no other service is given.
 */
export async function serve(
  configuration: ReplicaConfiguration,
  log: Log,
  service?: Service,
): Promise<Serving> {
  const metrics = createMetrics({ processMetrics: true });
  const replica = await startReplica(configuration, { log: hostLog(log), recorder: metrics, service });
  try {
    metrics.watch(() => replica.status());
    const gateway = await openGateway({ configuration, replica, metrics, log });
    const stop = async (): Promise<void> => {
      await gateway?.close();
      await replica.stop();
    };
    return { addresses: addressesOf(configuration, replica, gateway?.port), stop, failed: replica.failed };
  } catch (error) {
    await replica.stop();
    throw error;
  }
}

interface GatewayParts {
  readonly configuration: ReplicaConfiguration;
  readonly replica: RunningReplica;
  readonly metrics: Metrics;
  readonly log: Log;
}

interface OpenGateway {
  readonly port: number;
  close(): Promise<void>;
}

/** A client like any other, with a key of its own: it retries and verifies as the library does. */
async function openGateway(parts: GatewayParts): Promise<OpenGateway | undefined> {
  const { configuration, replica, metrics, log } = parts;
  const { listen, limits, secrets, preamble } = configuration;
  if (listen.http === null) return undefined;
  const logger = partLog(log.logger, "gateway");
  const client = await connect({
    cluster: withLocalAddress(describeCluster(configuration.genesis), configuration, replica.ports.client),
    seed: Uint8Array.from(Buffer.from(secrets.gatewaySeed, "hex")),
    log: (line) => logger.warn(line),
  });
  const bundler = new Bundler(client);
  let port = 0;
  try {
    const gateway = await HttpGateway.open({
      listen: listen.http,
      limits: {
        connectionsMax: limits.httpConnectionsMax,
        commandsMax: limits.httpCommandsMax,
        deadlineMillis: limits.httpDeadlineMillis,
        requestTimeoutMillis: REQUEST_TIMEOUT_MILLIS,
      },
      backend: {
        execute: (operation, deadlineMillis) => bundler.execute(operation, deadlineMillis),
        status: () =>
          statusReport(replica.status(), preamble.cluster, addressesOf(configuration, replica, port)),
        metrics: () => metrics.text(),
      },
      answered: (method, status, seconds) => metrics.httpAnswered(method, status, seconds),
      unexpected: (err) => logger.error({ err }, "unexpected"),
    });
    port = gateway.port;
    const close = async (): Promise<void> => {
      await gateway.close();
      await client.close();
    };
    return { port, close };
  } catch (error) {
    await client.close();
    throw error;
  }
}

/** Our own replica is here, whatever way others take to it. */
function withLocalAddress(
  description: ClusterDescription,
  { id, listen }: ReplicaConfiguration,
  clientPort: number,
): ClusterDescription {
  const { host } = listen.client;
  const clientHost = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  const replicas = description.replicas.map((replica) =>
    replica.id === id ? { ...replica, clientHost, clientPort } : replica,
  );
  return { ...description, replicas };
}

function addressesOf(
  { listen }: ReplicaConfiguration,
  { ports }: RunningReplica,
  httpPort: number | undefined,
): NodeAddresses {
  const at = ({ host }: HostPort, port: number): HostPort => ({ host, port });
  return {
    mesh: at(listen.mesh, ports.mesh),
    client: at(listen.client, ports.client),
    http: listen.http === null || httpPort === undefined ? null : at(listen.http, httpPort),
  };
}

function hostLog(log: Log): HostLog {
  const logger = partLog(log.logger, "host");
  return (level, event, fields) => logger[level](fields, event);
}
