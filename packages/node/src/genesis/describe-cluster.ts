import type { ClusterDescription } from "@destiny/client/cluster-description";
import { faultsOfGenesis, protocolOf } from "./check-genesis.ts";
import { type Genesis, preambleOf } from "./genesis.ts";

/** What a client needs of a genesis: `client.json` holds it. */
export function describeCluster(genesis: Genesis): ClusterDescription {
  const { replies } = protocolOf(genesis.protocol);
  return {
    ...preambleOf(genesis),
    replicas: genesis.replicas.map(({ id, client, certificate }) => ({
      id,
      clientHost: client.host,
      clientPort: client.port,
      fingerprint: certificate.fingerprint,
    })),
    faults: faultsOfGenesis(genesis),
    replyScheme: replies === "plain" ? { kind: "plain" } : genesis.schemes.replies,
    pipeline: genesis.parameters.pipeline,
  };
}
