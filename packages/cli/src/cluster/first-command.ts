import { connect } from "@destiny/client/client";
import type { ClusterDescription } from "@destiny/client/cluster-description";
import { KeyValueClient } from "@destiny/client/key-value-client";
import { note } from "../output/print.ts";

/** Has a first command executed, one that changes nothing. Rejects with an error of the client library. */
export async function firstCommand(cluster: ClusterDescription, seed?: Uint8Array): Promise<void> {
  const client = await connect(seed === undefined ? { cluster, log: note } : { cluster, seed, log: note });
  try {
    await new KeyValueClient(client).get("destiny");
  } finally {
    await client.close();
  }
}
