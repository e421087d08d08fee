import { GENESIS_MEMBERS } from "@destiny/core/agreement/agreement";
import { checks } from "@destiny/core/agreement/pbft/checks";
import { decide, type Rules } from "@destiny/core/agreement/pbft/decide";
import { FaultModel } from "@destiny/core/kernel/fault-model";
import type { Digest, ReplicaId, View } from "@destiny/core/kernel/ids";
import { Certificate, MessageKind } from "@destiny/core/wire/messages";
import { CommitStatement, PbftViewChange, PreparedCertificate } from "@destiny/core/wire/pbft";
import { encodeStatements } from "@destiny/core/wire/pbft-codec";
import { digestOf } from "@destiny/crypto/hash/sha256";
import { demand } from "./demand.ts";

// The decision procedure of a new view (pbft.md 7), at n = 4 with one liar.

const NOTHING: Uint8Array = new Uint8Array(0);
const TRUTH: Digest = "a".repeat(32);
const LIE: Digest = "b".repeat(32);
const NOOP: Digest = "0".repeat(32);

const RULES: Rules = {
  authentication: "mac",
  faults: FaultModel.byzantine(4),
  lowOf: () => 0,
  probation: () => 0,
  noop: NOOP,
};

interface Said {
  /** What was prepared at slot 1, and in which view. */
  readonly prepared?: readonly [Digest, View];
  /** What was pre-prepared at slot 1, and in which view. */
  readonly preprepared?: readonly (readonly [Digest, View])[];
}

function says(sender: ReplicaId, { prepared, preprepared = [] }: Said): PbftViewChange {
  const certificates =
    prepared === undefined
      ? []
      : [
          new PreparedCertificate({
            view: prepared[1],
            seq: 1,
            digest: prepared[0],
            extension: 0,
            certificate: NOTHING,
            votes: [],
          }),
        ];
  const seen = preprepared.map(([digest, view]) => ({ seq: 1, digest, view }));
  const fields = { view: 3, sender, anchor: null, count: 0, signature: NOTHING };
  return new PbftViewChange({ ...fields, prepared: certificates, preprepared: seen });
}

function candidates(changes: readonly PbftViewChange[]): readonly Digest[] {
  return decide(changes, RULES)?.candidates[0] ?? [];
}

/** A replica says that something was prepared that nobody else has ever seen. */
export function liesAboutPrepared(): void {
  const lie = says(0, { prepared: [LIE, 2], preprepared: [[LIE, 2]] });
  const honest = [says(1, {}), says(2, {}), says(3, {})];
  demand(!candidates([lie, ...honest]).includes(LIE), "one witness is no correct one");
  demand(candidates([lie, ...honest]).includes(NOOP), "a quorum has prepared nothing");
  const shared = says(1, { preprepared: [[LIE, 2]] });
  demand(candidates([lie, shared, says(2, {}), says(3, {})]).includes(LIE), "two witnesses do");
}

/** Something newer was prepared at two replicas; a liar shows what had been prepared before. */
export function prefersOlderPrepared(): void {
  const seen = [
    [LIE, 0],
    [TRUTH, 1],
  ] as const;
  const truth: Said = { prepared: [TRUTH, 1], preprepared: seen };
  const changes = [says(0, { prepared: [LIE, 0], preprepared: seen }), says(1, truth), says(2, truth)];
  demand(!candidates(changes).includes(LIE), "what is prepared in a later view stands against it");
  demand(candidates(changes).includes(TRUTH), "what was prepared last is proposed again");
}

/** Two of four view changes show a slot as prepared: it may be committed. */
export function fillsPreparedSlot(): void {
  const truth: Said = { prepared: [TRUTH, 0], preprepared: [[TRUTH, 0]] };
  const changes = [says(0, truth), says(1, truth), says(2, {}), says(3, {})];
  demand(!candidates(changes).includes(NOOP), "two that have prepared nothing are no quorum");
  demand(candidates(changes).includes(TRUTH), "what was prepared is proposed again");
}

/** A liar's own signature that a slot is decided, and no other. */
export function orderedOnOneStatement(): void {
  const address = {
    instance: 0,
    home: 0,
    faults: RULES.faults,
    members: GENESIS_MEMBERS,
    lowOf: RULES.lowOf,
    probation: RULES.probation,
    hash: digestOf,
  };
  const evidence = (signers: readonly ReplicaId[]): Certificate => {
    const slot = { view: 0, seq: 1, digest: TRUTH };
    const statements = signers.map(
      (signer) => new CommitStatement({ ...slot, signer, signature: new Uint8Array(64) }),
    );
    const aggregate = encodeStatements(statements);
    return new Certificate({ kind: MessageKind.PbftEvidence, ...slot, extension: 0, aggregate });
  };
  demand(checks("mac", address, evidence([1])) === null, "one statement is no correct replica's for sure");
  demand(checks("mac", address, evidence([1, 1])) === null, "one replica's statement, twice");
  demand(checks("mac", address, evidence([1, 2]))?.length === 2, "two statements, each with its signature");
}
