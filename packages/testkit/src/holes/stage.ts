import type { InstanceId, ReplicaId } from "@destiny/core/kernel/ids";
import type { Reference } from "@destiny/core/ordering/dqbft/order-value";
import type { InstanceStatus } from "@destiny/core/ordering/orderer";
import type { Parameters } from "@destiny/core/parameters";
import { type Evidence, MessageKind, type Proposal } from "@destiny/core/wire/messages";
import { Request } from "@destiny/core/wire/request";
import { requestStatement } from "@destiny/core/wire/statement";
import { digestOf } from "@destiny/crypto/hash/sha256";
import { Cluster, commandOf, type Letter } from "../cluster.ts";

export const SECOND = 1_000_000;

/** Short waits, so that a test sees what patience brings. */
export const IMPATIENT: Partial<Parameters> = {
  suspicionDelay: SECOND / 2,
  viewChangeDelay: SECOND,
  graceDelay: SECOND / 4,
  pullDelay: SECOND / 10,
  reinstatementDelay: SECOND,
};

/** Destiny with {@link IMPATIENT} parameters, or these in their place. */
export function openImpatient(n = 5, parameters: Partial<Parameters> = {}): Cluster {
  return Cluster.of("destiny", { n, seed: 1, parameters: { ...IMPATIENT, ...parameters } });
}

/** Who is left of five once R3, the usual victim, is gone. */
export const SURVIVORS: readonly ReplicaId[] = [0, 1, 2, 4];

/** The client of a coordinator that may be dead asks everybody, for something if it waits for nothing. */
export function askAll(cluster: Cluster, coordinator: ReplicaId): void {
  const client = cluster.client(coordinator);
  if (client.outstanding === 0) client.submit([commandOf(`asked of ${coordinator}`)]);
  for (const replica of cluster.replicas) client.ask(replica);
}

export const ref = (instance: number, seq: number): Reference => ({ type: "reference", instance, seq });

/** A signed request of the client whose coordinator this is, that was sent to nobody. */
export function requestOf(cluster: Cluster, coordinator: number, command: string, timestamp = 1): Request {
  const { key } = cluster.client(coordinator);
  const { trust } = cluster.simulation.world;
  const operations = [commandOf(command)];
  return Request.create({ client: key, timestamp, operations }, digestOf, (digest) =>
    trust.clientSigner(key)(requestStatement(trust.preamble, digest)),
  );
}

export const headerOf = (instance: number, proposal: Proposal): Evidence => ({
  instance,
  message: proposal.header(),
});

/** How an instance is at a replica. */
export function instanceAt(cluster: Cluster, replica: ReplicaId, instance: InstanceId): InstanceStatus {
  const status = cluster.replica(replica).status().instances[instance];
  if (status === undefined) throw new Error("no such instance");
  return status;
}

/** The views of an instance at these replicas, each once. */
export function viewsOf(cluster: Cluster, instance: InstanceId, replicas: readonly ReplicaId[]): number[] {
  return [...new Set(replicas.map((replica) => instanceAt(cluster, replica, instance).view))];
}

/** Instances of which somebody complained. */
export function complainedOf(cluster: Cluster): number[] {
  const instances = cluster.sent
    .filter(({ message }) => message.kind === MessageKind.Complaint)
    .map(({ message }) => (message as unknown as { instance: number }).instance);
  return [...new Set(instances)].sort((a, b) => a - b);
}

export const isOf =
  (instance: InstanceId, ...kinds: MessageKind[]): ((letter: Letter) => boolean) =>
  (letter) =>
    letter.instance === instance && (kinds.length === 0 || kinds.includes(letter.message.kind));
