import { randomBytes } from "node:crypto";
import type { Client } from "@destiny/client/client";
import { KeyValueClient } from "@destiny/client/key-value-client";
import type { ReplicaId } from "@destiny/core/kernel/ids";
import type { TestCluster } from "./test-cluster.ts";
import { until } from "./until.ts";

/** All together more than what the system's buffers hold between two processes. */
const CLIENTS = 12;
const PUTS_EACH = 8;
const VALUE_BYTES = 200_000;

/**
 * Has the O-primary order commands that nobody else has got whole from their coordinator, and so cannot have been decided:
 * all others are suspended meanwhile. The clients have gone when this resolves, the replicas run again once `strike` is
 * over, and what they find in their buffers is part of it.
 */
export async function whileUndisseminated(
  cluster: TestCluster,
  { primary, coordinator }: { readonly primary: ReplicaId; readonly coordinator: ReplicaId },
  strike: () => Promise<unknown>,
): Promise<void> {
  const others = [...cluster.local.processes.keys()].filter((id) => id !== primary && id !== coordinator);
  const clients = await Promise.all(
    Array.from({ length: CLIENTS }, (_, number) =>
      cluster.client({ seed: cluster.seedAt(coordinator, 1_000 + number), retryMillis: 60_000 }),
    ),
  );
  // A client that has had no answer yet sends one request and waits.
  await Promise.all(clients.map((client) => new KeyValueClient(client).put("small", "")));
  for (const id of others) cluster.suspend(id);
  try {
    const puts = clients.flatMap(putMuch);
    await until("commands that are ordered and not disseminated", async () => {
      const { instances } = await cluster.local.status(primary);
      const [ordering, disseminating] = [instances.at(-1), instances[coordinator]];
      if (ordering === undefined || disseminating === undefined) return false;
      const undecided = disseminating.known - disseminating.decided;
      if (undecided >= CLIENTS && ordering.known > ordering.decided) return true;
      throw new Error(JSON.stringify(instances));
    });
    await strike();
    await Promise.all(clients.map((client) => client.close()));
    await Promise.all(puts);
  } finally {
    for (const id of others) cluster.resume(id);
  }
}

/** Its puts, as settled as they will ever be. */
function putMuch(client: Client): Promise<unknown>[] {
  const store = new KeyValueClient(client);
  return Array.from({ length: PUTS_EACH }, async (_, index) => {
    await store
      .put(`big-${client.id.charCodeAt(0)}-${index}`, randomBytes(VALUE_BYTES))
      .catch(() => undefined);
  });
}
