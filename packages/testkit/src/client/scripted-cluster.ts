import type { ClusterDescription, ReplicaAddress } from "@destiny/client/cluster-description";
import { FaultModel } from "@destiny/core/kernel/fault-model";
import type { Digest, ReplicaId } from "@destiny/core/kernel/ids";
import { invariant } from "@destiny/core/kernel/invariant";
import { MerkleTree } from "@destiny/core/wire/merkle";
import {
  encodeOutcome,
  type PlainReply,
  type ProvenReply,
  type Refusal,
  RefusalCode,
  requestLeaf,
} from "@destiny/core/wire/reply";
import { executionStatement, type Preamble } from "@destiny/core/wire/statement";
import { ModelScheme, modelShare } from "@destiny/crypto/certificates/model";
import { digestOf } from "@destiny/crypto/hash/sha256";

/** Whose request it is, and what it asked. */
export interface Asked {
  readonly client: Digest;
  readonly timestamp: number;
  readonly operations: readonly Uint8Array[];
}

/** Where a request executed. */
export interface Place {
  readonly seq: number;
  readonly entry: number;
}

const PLACE: Place = { seq: 7, entry: 1 };

/** Gives the replies of a hybrid cluster that echoes operations, with proofs of the model scheme. No replica runs. */
export class ScriptedCluster {
  readonly n: number;
  readonly scheme: ModelScheme;
  readonly preamble: Preamble = { cluster: digestOf(Uint8Array.of(1)), configuration: 0 };
  readonly faults: FaultModel;

  /** Clusters of different seeds do not accept one another's certificates. */
  constructor(n: number, seed = "scripted") {
    this.n = n;
    this.faults = FaultModel.hybrid(n);
    const threshold = this.faults.oneCorrect;
    this.scheme = new ModelScheme({ kind: "threshold", n, threshold, seed });
  }

  /** What clients know of it, if its replicas are at these addresses. */
  description(replicas: readonly ReplicaAddress[], plain = false): ClusterDescription {
    const { faults, preamble } = this;
    const { threshold } = this.scheme;
    const proven = { kind: "threshold", threshold, groupKey: "", shareKeys: [] } as const;
    return { ...preamble, replicas, faults, replyScheme: plain ? { kind: "plain" } : proven, pipeline: 16 };
  }

  /** The results of a request: each operation as it came. */
  results({ operations }: Asked): Uint8Array[] {
    return operations.map((operation) => encodeOutcome({ ok: true, result: operation }));
  }

  /** A reply with a proof of these results, as the third of five requests of one entry. */
  proven(
    asked: Asked,
    place: Place = PLACE,
    results: readonly Uint8Array[] = this.results(asked),
  ): ProvenReply {
    const { client, timestamp } = asked;
    const leaf = requestLeaf({ client, timestamp }, results, digestOf);
    const leaves = [0, 1, 2, 3, 4].map((i) => (i === 2 ? leaf : digestOf(Uint8Array.of(i))));
    const tree = new MerkleTree(leaves, digestOf);
    const path = tree.path(2);
    const aggregate = this.certify(tree.root, place);
    return { type: "proven", client, timestamp, ...place, index: 2, count: 5, path, aggregate, results };
  }

  /** One replica's word. */
  plain({ client, timestamp, operations }: Asked, place: Place = PLACE): PlainReply {
    const results = this.results({ client, timestamp, operations });
    return { type: "plain", client, timestamp, ...place, results };
  }

  refusal({ client, timestamp }: Asked, code: RefusalCode, coordinator: ReplicaId = 0): Refusal {
    return { type: "refusal", client, timestamp, code, coordinator };
  }

  /** These coordinators serve nobody, this client's among them. */
  noHome({ client, timestamp }: Asked, coordinator: ReplicaId, away: readonly ReplicaId[]): Refusal {
    return { type: "refusal", client, timestamp, code: RefusalCode.NoHome, coordinator, away };
  }

  /** The certificate over a result root. */
  certify(root: Digest, place: Place): Uint8Array {
    const statement = executionStatement(this.preamble, place, root);
    const signers = Array.from({ length: this.scheme.threshold }, (_, signer) => signer);
    const shares = signers.map((signer) => ({
      signer,
      share: modelShare(this.scheme.secret(signer), statement),
    }));
    const { certificate } = this.scheme.combineSync(statement, shares);
    invariant(certificate !== undefined, "good shares make a certificate");
    return certificate;
  }
}
