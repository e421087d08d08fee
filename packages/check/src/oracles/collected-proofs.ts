import type { InstanceId, ReplicaId, SequenceNumber } from "@destiny/core/kernel/ids";
import { type Certificate, type Message, MessageKind, type Vote } from "@destiny/core/wire/messages";
import type { Parcel } from "@destiny/simulator/network/network";
import type { Signed } from "@destiny/simulator/trust/trust";
import type { Observer } from "../stage/observer.ts";
import type { Majorities } from "./arithmetic.ts";
import type { CertificatesOptions } from "./certificates.ts";
import { shownBy } from "./proofs-in.ts";
import { demand } from "./violation.ts";
import type { Ballot } from "./vote-ledger.ts";

/** First two bytes of what replicas sign in SBFT (sbft.md 2), as numbers: for a proposal, and for its prepare certificate. */
const Tag = { Proposal: 0x5350, Prepared: 0x5343 } as const;

/** Who has to have signed what behind a certificate. */
interface Rule {
  readonly claim: "fast" | "vote";
  readonly tag: number;
  /** How many of them: all but c, or a quorum. */
  readonly votes: "fast" | "quorum";
  /** In which message a replica gives its share of a decision; null if the certificate decides nothing. */
  readonly share: MessageKind | null;
}

const { SbftCommitShare, SbftFast, SbftPrepare, SbftShare, SbftSlow } = MessageKind;
const RULES: ReadonlyMap<MessageKind, Rule> = new Map<MessageKind, Rule>([
  [SbftPrepare, { claim: "vote", tag: Tag.Proposal, votes: "quorum", share: null }],
  [SbftFast, { claim: "fast", tag: Tag.Proposal, votes: "fast", share: SbftShare }],
  [SbftSlow, { claim: "vote", tag: Tag.Prepared, votes: "quorum", share: SbftCommitShare }],
]);

/** What shares are given for, and who gave theirs. */
interface Tally {
  readonly rule: Rule;
  readonly ballot: Ballot;
  readonly givers: Set<ReplicaId>;
}

/** Who is there, who is faulty, and how many make each kind of certificate. */
export interface CollectedProofsOptions extends CertificatesOptions, Pick<Majorities, "fast"> {}

/**
 * S2 and S3 of SBFT: behind every certificate that a correct replica shows there are all but c or a quorum that really signed,
 * and what enough have given their shares for is one value in each slot, whichever path it took. A signature that is ready when its
 * replica has left the view is given to nobody, and decides nothing.
 */
export class CollectedProofs implements Observer {
  readonly #options: CollectedProofsOptions;
  readonly #signers = new Map<string, Set<ReplicaId>>();
  readonly #tallies = new Map<string, Map<string, Tally>>();
  readonly #seen = new WeakSet<object>();

  constructor(options: CollectedProofsOptions) {
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
    for (const rule of RULES.values()) {
      if (rule.share === (content as Message).kind)
        this.#give(from, rule, ballotOf(instance, content as Vote));
    }
    for (const shown of shownBy(instance, content as Message)) {
      this.#look(shown.instance, shown.message as Certificate, !faulty.has(from));
    }
  }

  /**
   * A replica has executed what a slot holds. A collector may do so that alone has the certificate, of shares that it was given and
   * of its own, which goes nowhere; and it may crash before that leaves it.
   */
  executed(replica: ReplicaId, instance: InstanceId, seq: SequenceNumber): void {
    for (const [key, { rule, ballot, givers }] of this.#tallies.get(`${instance} ${seq}`) ?? []) {
      const lacking = this.#needed(rule) - givers.size;
      if (lacking === 1 && this.#signers.get(key)?.has(replica) === true) this.#give(replica, rule, ballot);
    }
  }

  #give(replica: ReplicaId, rule: Rule, ballot: Ballot): void {
    const key = keyOf(rule, ballot);
    if (this.#signers.get(key)?.has(replica) !== true) return;
    const slot = `${ballot.instance} ${ballot.seq}`;
    const tallies = this.#tallies.get(slot) ?? new Map<string, Tally>();
    this.#tallies.set(slot, tallies);
    const { givers } = tallies.get(key) ?? { givers: new Set() };
    tallies.set(key, { rule, ballot, givers: givers.add(replica) });
    if (givers.size >= this.#needed(rule))
      this.#options.votes.certify(ballot, `by ${[...givers].join(", ")}`);
  }

  #look(instance: InstanceId, message: Certificate, correct: boolean): void {
    const rule = RULES.get(message.kind);
    if (rule === undefined) return;
    const ballot = ballotOf(instance, message);
    const signers = this.#signers.get(keyOf(rule, ballot))?.size ?? 0;
    const needed = this.#needed(rule);
    demand(
      signers >= needed || !correct,
      "S3 certificate soundness",
      () =>
        `a certificate of instance ${instance} slot ${ballot.seq}, and ${signers} of ${needed} have signed it`,
    );
    if (signers >= needed && rule.share !== null)
      this.#options.votes.certify(ballot, "as its certificate shows");
  }

  #needed({ votes }: Rule): number {
    return this.#options[votes];
  }
}

function ballotOf(instance: InstanceId, { view, seq, digest }: Certificate | Vote): Ballot {
  return { instance, view, seq, digest, extension: 0 };
}

function keyOf({ claim, tag }: Rule, { instance, view, seq, digest }: Ballot): string {
  const bytes = Buffer.alloc(46);
  bytes.writeUInt16LE(tag, 0);
  bytes.writeUIntLE(view, 2, 6);
  bytes.writeUIntLE(seq, 8, 6);
  bytes.write(digest, 14, "latin1");
  return `${claim} ${instance} ${bytes.toString("latin1")}`;
}
