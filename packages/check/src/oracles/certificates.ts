import type { InstanceId, ReplicaId } from "@destiny/core/kernel/ids";
import type { Anchor } from "@destiny/core/wire/anchor";
import { checkpointOf } from "@destiny/core/wire/checkpoint-claim";
import {
  type Certificate,
  type CheckpointProof,
  type ExecProof,
  type Message,
  MessageKind,
  type Proposal,
} from "@destiny/core/wire/messages";
import type { Parcel } from "@destiny/simulator/network/network";
import type { Signed } from "@destiny/simulator/trust/trust";
import type { Observer } from "../stage/observer.ts";
import type { Majorities } from "./arithmetic.ts";
import { shownBy } from "./proofs-in.ts";
import { demand } from "./violation.ts";
import type { Ballot, VoteLedger } from "./vote-ledger.ts";

export interface CertificatesOptions extends Pick<Majorities, "quorum" | "vouched" | "stable"> {
  readonly n: number;
  readonly faulty: ReadonlySet<ReplicaId>;
  readonly votes: VoteLedger;
}

/** S3: behind every certificate that a correct replica passes on there are enough replicas that really signed. */
export class Certificates implements Observer {
  readonly #options: CertificatesOptions;
  /** Who signed what, by its content. */
  readonly #signers = new Map<string, Set<ReplicaId>>();
  readonly #seen = new WeakSet<object>();

  constructor(options: CertificatesOptions) {
    this.#options = options;
  }

  signed({ replica, claim }: Signed): void {
    if (claim.type === "execution")
      this.#sign(replica, `execution ${claim.seq} ${claim.entry} ${claim.root}`);
    const checkpoint = checkpointOf(claim);
    if (checkpoint !== null) this.#sign(replica, `checkpoint ${checkpoint.seq} ${checkpoint.root}`);
  }

  sent({ from, to, instance, content }: Parcel): void {
    const { n, faulty } = this.#options;
    if (from >= n || to >= n || faulty.has(from) || this.#seen.has(content)) return;
    this.#seen.add(content);
    for (const shown of shownBy(instance, content as Message)) this.#look(shown.instance, shown.message);
  }

  #look(instance: InstanceId, message: Message): void {
    const { votes, quorum } = this.#options;
    switch (message.kind) {
      case MessageKind.Commit: {
        const commit = message as Certificate;
        const voters = votes.voters({ instance, ...commit });
        return this.#demand(voters, quorum, () => `commit of instance ${instance} slot ${commit.seq}`);
      }
      case MessageKind.HybsterCertificate: {
        const commit = message as Certificate;
        this.#lookAtProposal(instance, commit);
        const voters = votes.voters({ instance, ...commit, extension: 0 });
        return this.#demand(voters, quorum, () => `commit of instance ${instance} slot ${commit.seq}`);
      }
      case MessageKind.Prepare:
        return this.#lookAtProposal(instance, message as Proposal);
      case MessageKind.ExecProof: {
        const { seq, entry, root } = message as ExecProof;
        return this.#vouched(`execution ${seq} ${entry} ${root}`, `execution proof of slot ${seq}.${entry}`);
      }
      case MessageKind.CheckpointProof:
        return this.#lookAtCheckpoint(message as CheckpointProof);
      case MessageKind.Anchor:
        return this.#lookAtCheckpoint((message as Anchor).proof);
      default:
    }
  }

  #lookAtProposal(instance: InstanceId, proposal: Omit<Ballot, "instance">): void {
    const { n, votes } = this.#options;
    const primary = ((instance % n) + proposal.view) % n;
    demand(
      votes.hasVoted(primary, { instance, ...proposal }),
      "S3 certificate soundness",
      () =>
        `a proposal of instance ${instance} slot ${proposal.seq} that its primary ${primary} never certified`,
    );
  }

  #lookAtCheckpoint({ seq, root }: CheckpointProof): void {
    const signers = this.#signers.get(`checkpoint ${seq} ${root}`)?.size ?? 0;
    this.#demand(signers, this.#options.stable, () => `proof of the checkpoint at slot ${seq}`);
  }

  #vouched(key: string, what: string): void {
    this.#demand(this.#signers.get(key)?.size ?? 0, this.#options.vouched, () => what);
  }

  #demand(signers: number, needed: number, what: () => string): void {
    demand(
      signers >= needed,
      "S3 certificate soundness",
      () => `a ${what()}, and ${signers} of ${needed} replicas have signed it`,
    );
  }

  #sign(replica: ReplicaId, key: string): void {
    this.#signers.set(key, (this.#signers.get(key) ?? new Set()).add(replica));
  }
}
