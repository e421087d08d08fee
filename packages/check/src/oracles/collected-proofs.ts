import type { Digest, InstanceId, ReplicaId, SequenceNumber, View } from "@destiny/core/kernel/ids";
import { type Certificate, type Message, MessageKind } from "@destiny/core/wire/messages";
import type { Parcel } from "@destiny/simulator/network/network";
import type { Signed } from "@destiny/simulator/trust/trust";
import type { Observer } from "../stage/observer.ts";
import type { CertificatesOptions } from "./certificates.ts";
import { shownBy } from "./proofs-in.ts";
import { demand } from "./violation.ts";
import { readSlotMessage } from "./vote-ledger.ts";

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

/** Which signatures decide once there are enough, whether or not a certificate was made of them that anybody has seen. */
const FINAL = Object.values(RULES).filter(({ final }) => final);

/**
 * S2 and S3 of SBFT: behind every certificate that a correct replica shows there are all replicas or a quorum that really signed,
 * and what enough have signed is one value in each slot, whichever path it took. A collector may execute what it alone has the
 * certificate of, and crash before that leaves it.
 */
export class CollectedProofs implements Observer {
  readonly #options: CertificatesOptions;
  readonly #signers = new Map<string, Set<ReplicaId>>();
  readonly #seen = new WeakSet<object>();

  constructor(options: CertificatesOptions) {
    this.#options = options;
  }

  signed({ replica, claim }: Signed): void {
    if (claim.type !== "fast" && claim.type !== "vote") return;
    const key = `${claim.type} ${claim.instance} ${Buffer.from(claim.message).toString("latin1")}`;
    const signers = (this.#signers.get(key) ?? new Set()).add(replica);
    this.#signers.set(key, signers);
    const ballot = readSlotMessage(claim.instance, claim.message);
    if (ballot === null) return;
    const tag = tagOf(claim.message);
    const rule = FINAL.find((each) => each.claim === claim.type && each.tag === tag);
    if (rule === undefined || signers.size < this.#needed(rule)) return;
    this.#options.votes.certify(ballot, `by ${[...signers].join(", ")}`);
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
    const { view, seq, digest } = message as Certificate;
    const key = `${rule.claim} ${instance} ${contentOf(rule.tag, { view, seq, digest })}`;
    const signers = this.#signers.get(key)?.size ?? 0;
    const needed = this.#needed(rule);
    demand(
      signers >= needed || !correct,
      "S3 certificate soundness",
      () => `a certificate of instance ${instance} slot ${seq}, and ${signers} of ${needed} have signed it`,
    );
  }

  #needed({ all }: Rule): number {
    const { n, quorum } = this.#options;
    return all ? n : quorum;
  }
}

function tagOf(message: Uint8Array): number {
  return new DataView(message.buffer, message.byteOffset).getUint16(0, true);
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
