import { CheckQueue } from "@destiny/crypto/bls/check-queue";
import { openBls } from "@destiny/crypto/bls/open";
import { openScheme } from "@destiny/crypto/certificates/keys";
import type { ClusterDescription } from "./cluster-description.ts";
import { ProofVerifier } from "./proof-verifier.ts";

/** A verifier, and the end of its threads. */
export interface OpenProofVerifier {
  /** Null for a cluster whose replies come without certificates. */
  readonly proofs: ProofVerifier | null;
  close(): Promise<void>;
}

/**
 * Opens what a cluster's proofs are verified with: for {@link ConnectOptions.proofs}, to share among clients. `log` is
 * told if that will be slow. Throws `ConfigurationError` for keys that are none.
 */
export async function openProofVerifier(
  cluster: ClusterDescription,
  log: (line: string) => void = () => undefined,
): Promise<OpenProofVerifier> {
  if (cluster.replyScheme.kind === "plain") return { proofs: null, close: async () => undefined };
  const backend = openBls(log);
  try {
    const scheme = await openScheme(backend, new CheckQueue(backend), cluster.replyScheme);
    return { proofs: new ProofVerifier(scheme, cluster), close: () => backend.close() };
  } catch (error) {
    await backend.close();
    throw error;
  }
}
