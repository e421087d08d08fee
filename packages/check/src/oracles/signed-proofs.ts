import type { Digest, InstanceId, ReplicaId, SequenceNumber, View } from "@destiny/core/kernel/ids";
import {
  type Certificate,
  type Message,
  MessageKind,
  type Proposal,
  type Vote,
} from "@destiny/core/wire/messages";
import type { CommitStatement, PbftNewView, PreparedCertificate } from "@destiny/core/wire/pbft";
import { digestOf } from "@destiny/crypto/hash/sha256";
import type { Parcel } from "@destiny/simulator/network/network";
import type { Signed } from "@destiny/simulator/trust/trust";
import type { Observer } from "../stage/observer.ts";
import type { CertificatesOptions } from "./certificates.ts";
import { type Shown, shownBy } from "./proofs-in.ts";
import { hex } from "./text.ts";
import { demand } from "./violation.ts";

/** First two bytes of what replicas sign in PBFT (pbft.md 2), as numbers. */
const Tag = { PrePrepare: 0x5050, Prepare: 0x5052, Commit: 0x434f, NewView: 0x4e56 } as const;

/** What a signature in PBFT is about. */
interface Subject {
  readonly view: View;
  readonly seq: SequenceNumber;
  readonly digest: Digest;
  /** Of headers alone. */
  readonly extension?: number;
}

/**
 * S3 for protocols whose replicas sign without counters: behind each header, prepared certificate, commit statement, piece of
 * evidence and NewView that a correct replica passes on are the signatures that it takes, and behind a correct replica's
 * statement is a Commit that it sent; and it says that a value is decided only if a quorum stands behind it.
 */
export class SignedProofs implements Observer {
  readonly #options: CertificatesOptions;
  /** Statements that replicas have really signed: by instance, signer and content. */
  readonly #signed = new Set<string>();
  readonly #openings = new Set<string>();
  readonly #seen = new WeakSet<object>();

  constructor(options: CertificatesOptions) {
    this.#options = options;
  }

  signed({ replica, claim }: Signed): void {
    if (claim.type !== "statement") return;
    const { instance, message } = claim;
    const at = new DataView(message.buffer, message.byteOffset, message.length);
    if (message.length < 40) return;
    // A NewView's view stands before the digest of its content.
    if (at.getUint16(0, true) === Tag.NewView) this.#openings.add(`${instance} ${replica} ${u48(at, 2)}`);
    else this.#signed.add(`${instance} ${replica} ${digestOf(message)}`);
  }

  sent({ from, to, instance, content }: Parcel): void {
    const { n, faulty } = this.#options;
    if (from >= n || to >= n || faulty.has(from) || this.#seen.has(content)) return;
    this.#seen.add(content);
    for (const shown of shownBy(instance, content as Message)) this.#look(shown);
  }

  #look({ instance, message }: Shown): void {
    switch (message.kind) {
      case MessageKind.PrePrepare:
        return this.#lookAtHeader(instance, message as Proposal);
      case MessageKind.PbftPrepared:
        return this.#lookAtPrepared(instance, message as PreparedCertificate);
      case MessageKind.CommitStatement:
        return this.#lookAtStatement(instance, message as CommitStatement);
      case MessageKind.PbftEvidence:
        return this.#lookAtEvidence(instance, message as Certificate);
      case MessageKind.PbftNewView:
        return this.#lookAtOpening(instance, message as PbftNewView);
      case MessageKind.PbftDecided:
        return this.#lookAtDecision(instance, message as Vote);
      default:
    }
  }

  #lookAtHeader(instance: InstanceId, header: Subject): void {
    const primary = this.#primaryOf(instance, header.view);
    this.#demand(
      this.#hasSigned(instance, primary, Tag.PrePrepare, header),
      () => `a header of instance ${instance} slot ${header.seq} that its primary ${primary} never signed`,
    );
  }

  /** With MACs it is a claim without proof, and says nothing of signers. */
  #lookAtPrepared(instance: InstanceId, { certificate, votes, ...subject }: PreparedCertificate): void {
    if (certificate.length === 0 && votes.length === 0) return;
    this.#lookAtHeader(instance, subject);
    const primary = this.#primaryOf(instance, subject.view);
    // Its header is the primary's Prepare.
    const signers = new Set([primary]);
    for (const { signer } of votes) {
      if (this.#hasSigned(instance, signer, Tag.Prepare, subject)) signers.add(signer);
    }
    this.#demand(
      signers.size >= this.#options.quorum,
      () =>
        `a prepared certificate of instance ${instance} slot ${subject.seq} that ${signers.size} have signed`,
    );
  }

  #lookAtStatement(
    instance: InstanceId,
    { signer, ...subject }: Subject & { readonly signer: ReplicaId },
  ): void {
    const { faulty, votes } = this.#options;
    const signed = this.#hasSigned(instance, signer, Tag.Commit, subject);
    const sent = faulty.has(signer) || votes.hasVoted(signer, { instance, ...subject, extension: 0 });
    this.#demand(
      signed && sent,
      () =>
        `a statement that replica ${signer} sent Commit for slot ${subject.seq} of instance ${instance}: it ${signed ? "sent none" : "never signed that"}`,
    );
  }

  /** A count; then, of each, signer, view and a signature that its length precedes. */
  #lookAtEvidence(instance: InstanceId, { seq, digest, aggregate }: Certificate): void {
    const at = new DataView(aggregate.buffer, aggregate.byteOffset, aggregate.length);
    const signers = new Set<ReplicaId>();
    for (let offset = 4; offset < aggregate.length; offset += 12 + at.getUint32(offset + 8, true)) {
      const signer = at.getUint16(offset, true);
      this.#lookAtStatement(instance, { signer, view: u48(at, offset + 2), seq, digest });
      signers.add(signer);
    }
    this.#demand(
      signers.size >= this.#options.vouched,
      () => `evidence about slot ${seq} of instance ${instance} from ${signers.size} replicas`,
    );
  }

  #lookAtOpening(instance: InstanceId, { view, selections, extension }: PbftNewView): void {
    const primary = this.#primaryOf(instance, view);
    this.#demand(
      this.#openings.has(`${instance} ${primary} ${view}`),
      () => `a NewView of view ${view} of instance ${instance} that its primary ${primary} never signed`,
    );
    for (const { seq, digest } of selections) this.#lookAtHeader(instance, { view, seq, digest, extension });
  }

  #lookAtDecision(instance: InstanceId, { seq, digest }: Vote): void {
    const certified = this.#options.votes.certified(instance, seq);
    this.#demand(
      certified === digest,
      () =>
        `a word that ${hex(digest)} is decided in slot ${seq} of instance ${instance}: no quorum stands behind it`,
    );
  }

  #hasSigned(instance: InstanceId, signer: ReplicaId, tag: number, subject: Subject): boolean {
    return this.#signed.has(`${instance} ${signer} ${digestOf(statementOf(tag, subject))}`);
  }

  #primaryOf(instance: InstanceId, view: View): ReplicaId {
    const { n } = this.#options;
    return ((instance % n) + view) % n;
  }

  #demand(condition: boolean, what: () => string): void {
    demand(condition, "S3 certificate soundness", what);
  }
}

/** Tag, view, slot and digest; of a header also its extension (pbft.md 2). */
function statementOf(tag: number, { view, seq, digest, extension }: Subject): Uint8Array {
  const isHeader = tag === Tag.PrePrepare;
  const bytes = Buffer.alloc(isHeader ? 52 : 46);
  bytes.writeUInt16LE(tag, 0);
  bytes.writeUIntLE(view, 2, 6);
  bytes.writeUIntLE(seq, 8, 6);
  bytes.write(digest, 14, "latin1");
  if (isHeader) bytes.writeUIntLE(extension ?? 0, 46, 6);
  return bytes;
}

function u48(at: DataView, offset: number): number {
  return at.getUint32(offset, true) + at.getUint16(offset + 4, true) * 0x1_0000_0000;
}
