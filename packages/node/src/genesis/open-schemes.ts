import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import type { ReplicaId } from "@destiny/core/kernel/ids";
import { present } from "@destiny/core/kernel/invariant";
import type { BlsBackend } from "@destiny/crypto/bls/backend";
import type { CheckQueue } from "@destiny/crypto/bls/check-queue";
import { openScheme, type SchemeKeys, shareKeysOf } from "@destiny/crypto/certificates/keys";
import type { CertificateScheme } from "@destiny/crypto/certificates/scheme";
import type { SubsystemDescription } from "@destiny/crypto/trusted/subsystem";
import { faultsOfGenesis } from "./check-genesis.ts";
import { type Genesis, instanceCountOf, preambleOf } from "./genesis.ts";

/** The certificate schemes of a cluster. */
export interface Schemes {
  readonly commits: CertificateScheme;
  readonly replies: CertificateScheme;
  /** Undefined if the protocol has no fast path. */
  readonly fast: CertificateScheme | undefined;
}

/** The schemes of a genesis, each key a point of its group and each proof of possession true, or a {@link ConfigurationError}. */
export async function openSchemes(
  genesis: Genesis,
  backend: BlsBackend,
  queue: CheckQueue,
): Promise<Schemes> {
  const open = async (purpose: string, keys: SchemeKeys): Promise<CertificateScheme> => {
    try {
      return await openScheme(backend, queue, keys);
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      throw new ConfigurationError(`the genesis, schemes.${purpose}: ${error.message}`);
    }
  };
  const { commits, replies, fast } = genesis.schemes;
  return {
    commits: await open("commits", commits),
    replies: await open("replies", replies),
    fast: fast === undefined ? undefined : await open("fast", fast),
  };
}

/** Whether a trusted subsystem that lost its memory can come back under a new identity: a threshold key would be dealt anew. */
export function canReadmit(genesis: Genesis): boolean {
  return faultsOfGenesis(genesis).kind === "hybrid" && genesis.schemes.commits.kind !== "threshold";
}

/**
 * Refuses, with a {@link ConfigurationError}, a trusted subsystem that is not made for this replica; and one that is not the one
 * that the genesis names, if none can be admitted in its place: nobody would accept its certificates.
 */
export function checkSubsystem(genesis: Genesis, self: ReplicaId, found: SubsystemDescription): void {
  const { cluster, configuration } = preambleOf(genesis);
  const expected = present(genesis.replicas[self], "the genesis lists this replica").signer;
  const own = canReadmit(genesis) ? found.bootEpoch : expected.bootEpoch;
  const isExpected = found.bootEpoch === expected.bootEpoch;
  const differences = [
    found.preamble.cluster !== cluster || found.preamble.configuration !== configuration ? "cluster" : "",
    found.replica !== self ? "replica" : "",
    found.bootEpoch !== own ? "boot epoch" : "",
    found.instances < instanceCountOf(genesis) ? "number of instances" : "",
    isExpected && hex(found.identityKey) !== expected.identityKey ? "identity key" : "",
    isExpected && hex(found.shareKey) !== shareKeysOf(genesis.schemes.commits)[self] ? "share key" : "",
  ].filter((difference) => difference !== "");
  if (differences.length === 0) return;
  throw new ConfigurationError(
    `the trusted signer is not that of replica ${self} in the genesis (${differences.join(", ")}): ` +
      "give the replica the signer/ directory from the same `destiny init`",
  );
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
