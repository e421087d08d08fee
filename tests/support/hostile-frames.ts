import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { COUNTER_MAX, type Digest, type InstanceId, ROOT } from "@destiny/core/kernel/ids";
import { encodeFrame } from "@destiny/core/wire/codec";
import {
  AssignRequest,
  Certificate,
  CheckpointProof,
  CheckpointSig,
  type Evidence,
  ExecProof,
  ExecSig,
  type Message,
  MessageKind,
  Proposal,
  Pull,
  Status,
  Vote,
} from "@destiny/core/wire/messages";
import { Value } from "@destiny/core/wire/value";
import { digestOf } from "@destiny/crypto/hash/sha256";

/** Frames that are pinned byte by byte, one of each kind. */
const VECTORS: readonly URL[] = ["frames", "pbft-frames"].map(
  (name) => new URL(`../../packages/core/src/wire/vectors/${name}.json`, import.meta.url),
);

/** What a number on the wire is tried with. */
export interface Place {
  readonly view: number;
  readonly seq: number;
}

/** Views and sequence numbers at their edges, and around where the cluster is. */
export function places(near: number): Place[] {
  const seqs = [0, 1, near, near + 1, near + 200, near + 100_000, COUNTER_MAX];
  return [0, 1, COUNTER_MAX].flatMap((view) => seqs.map((seq) => ({ view, seq })));
}

/** Every instance of a cluster of n, and some that there are not. */
function instances(n: number): InstanceId[] {
  return [...Array(n + 3).keys(), 0x7fff, 0xfffe, ROOT];
}

/** One well-formed message of every kind at this place, with nothing in it that is true. */
function messagesAt({ view, seq }: Place): Message[] {
  const digest: Digest = digestOf(randomBytes(8));
  const [share, aggregate] = [randomBytes(48), randomBytes(49)];
  const value = Value.of(randomBytes(300), digestOf);
  const draft = { kind: MessageKind.Prepare, view, seq, extension: 0, certificate: randomBytes(64), share };
  const header = new Proposal({ ...draft, digest, value: null, share: new Uint8Array(0), evidence: [] });
  const certificate = new Certificate({
    kind: MessageKind.Commit,
    view,
    seq,
    digest,
    extension: 7,
    aggregate,
  });
  const evidence: Evidence[] = [
    { instance: 0, message: header },
    { instance: 0xffff, message: certificate },
  ];
  return [
    new Proposal({ ...draft, digest: value.digest, value, evidence }),
    new Proposal({ ...draft, digest: value.digest, value, evidence: [], certificate: new Uint8Array(0) }),
    header,
    new Vote({ kind: MessageKind.CommitSig, view, seq, digest, share }),
    new Vote({ kind: MessageKind.CommitSig, view, seq, digest, share: new Uint8Array(0) }),
    certificate,
    new Pull(seq, COUNTER_MAX, true),
    new Pull(COUNTER_MAX, seq, false),
    new ExecSig({ seq, entry: 0xffff, root: digest, share }),
    new ExecSig({ seq, entry: 0, root: digest, share }),
    new ExecProof({ seq, entry: 0, root: digest, aggregate }),
    new CheckpointSig({ seq, root: digest, share }),
    new CheckpointProof({ seq, root: digest, aggregate }),
    new Status({ executed: seq, stable: seq, decided: [seq], views: [seq] }),
    new Status({
      executed: COUNTER_MAX,
      stable: 0,
      decided: Array.from({ length: 1_000 }, () => seq),
      views: [],
    }),
    new Status({ executed: 0, stable: COUNTER_MAX, decided: [], views: [] }),
    new AssignRequest({ client: digest, coordinator: 0xffff, nonce: seq, signature: randomBytes(64) }),
  ];
}

/** The frames of {@link messagesAt} for every instance. */
export function framesAt(place: Place, n: number): Uint8Array[] {
  return instances(n).flatMap((instance) =>
    messagesAt(place).map((message) => encodeFrame(instance, message)),
  );
}

/** A frame of every kind that there is, for every instance: well-formed, and with nothing in it that is true. */
export function framesOfEveryKind(n: number): Uint8Array[] {
  const named = VECTORS.map((url) => JSON.parse(readFileSync(url, "utf8")) as Record<string, string>);
  const frames = named.flatMap((each) => Object.values(each));
  return instances(n).flatMap((instance) =>
    frames.map((hex) => {
      const frame = Uint8Array.from(Buffer.from(hex, "hex"));
      new DataView(frame.buffer).setUint16(0, instance, true);
      return frame;
    }),
  );
}

/** What a colluding replica would answer a Prepare with: a share that is random bytes. */
export function badShareFor({ view, seq, digest }: Proposal, instance: InstanceId): Uint8Array {
  const vote = { kind: MessageKind.CommitSig, view, seq, digest, share: randomBytes(48) };
  return encodeFrame(instance, new Vote(vote));
}
