import type { Digest, InstanceId, ReplicaId, SequenceNumber, View } from "@destiny/core/kernel/ids";
import { type Certificate, type Message, MessageKind } from "@destiny/core/wire/messages";
import type { Parcel } from "@destiny/simulator/network/network";
import type { Signed } from "@destiny/simulator/trust/trust";
import type { Observer } from "../stage/observer.ts";
import type { CertificatesOptions } from "./certificates.ts";
import { shownBy } from "./proofs-in.ts";
import { demand } from "./violation.ts";

/** First two bytes of what replicas sign in SBFT (sbft.md 2), as numbers: for a proposal, and for its prepare certificate. */
const Tag = { Proposal: 0x5350, Prepared: 0x5343 } as const;

/** Who has to have signed what behind a certificate. */
interface Rule {
  readonly claim: "fast" | "vote";
  readonly tag: number;
  /** Whether all, or a quorum. */
  readonly all: boolean;
  /** Whether it decides. */
  readonly final: boolean;
}

const RULES: Partial<Record<MessageKind, Rule>> = {
  [MessageKind.SbftPrepare]: { claim: "vote", tag: Tag.Proposal, all: false, final: false },
  [MessageKind.SbftFast]: { claim: "fast", tag: Tag.Proposal, all: true, final: true },
  [MessageKind.SbftSlow]: { claim: "vote", tag: Tag.Prepared, all: false, final: true },
};

/**
 * S2 and S3 of SBFT: behind every certificate that a correct replica shows there are all replicas or a quorum that really signed,
 * and what certificates prove to be decided is one value in each slot, whichever path it took.
 */
export class CollectedProofs implements Observer {
  readonly #options: CertificatesOptions;
  readonly #signers = new Map<string, Set<ReplicaId>>();
  readonly #seen = new WeakSet<object>();
  readonly #decided = new Set<string>();

  constructor(options: CertificatesOptions) {
    this.#options = options;
  }

  signed({ replica, claim }: Signed): void {
    if (claim.type !== "fast" && claim.type !== "vote") return;
    const key = `${claim.type} ${claim.instance} ${Buffer.from(claim.message).toString("latin1")}`;
    this.#signers.set(key, (this.#signers.get(key) ?? new Set()).add(replica));
  }

  sent({ from, to, instance, content }: Parcel): void {
    const { n, faulty } = this.#options;
    if (from >= n || to >= n || this.#seen.has(content)) return;
    if (!faulty.has(from)) this.#seen.add(content);
    for (const shown of shownBy(instance, content as Message)) {
      this.#look(shown.instance, shown.message, !faulty.has(from));
    }
  }

  #look(instance: InstanceId, message: Message, correct: boolean): void {
    const rule = RULES[message.kind];
    if (rule === undefined) return;
    const { n, quorum, votes } = this.#options;
    const { view, seq, digest } = message as Certificate;
    const key = `${rule.claim} ${instance} ${contentOf(rule.tag, { view, seq, digest })}`;
    const signers = this.#signers.get(key)?.size ?? 0;
    const needed = rule.all ? n : quorum;
    demand(
      signers >= needed || !correct,
      "S3 certificate soundness",
      () => `a certificate of instance ${instance} slot ${seq}, and ${signers} of ${needed} have signed it`,
    );
    const place = `${instance} ${seq} ${view} ${digest}`;
    if (signers < needed || !rule.final || this.#decided.has(place)) return;
    this.#decided.add(place);
    votes.certify({ instance, view, seq, digest, extension: 0 }, "by the certificate of a collector");
  }
}

function contentOf(
  tag: number,
  { view, seq, digest }: { readonly view: View; readonly seq: SequenceNumber; readonly digest: Digest },
): string {
  const bytes = Buffer.alloc(46);
  bytes.writeUInt16LE(tag, 0);
  bytes.writeUIntLE(view, 2, 6);
  bytes.writeUIntLE(seq, 8, 6);
  bytes.write(digest, 14, "latin1");
  return bytes.toString("latin1");
}
