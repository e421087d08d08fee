import type { Digest, InstanceId, SequenceNumber, View } from "../../kernel/ids.ts";
import type { UniqueClaim } from "../../wire/claim.ts";
import { Writer } from "../../wire/writer.ts";

/** What is certified at a value of the counter: no message of one kind is one of another, nor of another protocol. */
const Tag = { Prepare: 0x4850, Commit: 0x4843 } as const; // "HP", "HC"

/** A slot in one view, and the digest that it gets there. */
export interface Place {
  readonly view: View;
  readonly seq: SequenceNumber;
  readonly digest: Digest;
}

/** `("P", v, o, d, x)` at `[v|o]`: the primary's proposal, and its own commit (hybster.md 2). */
export function prepareClaim(
  instance: InstanceId,
  content: Place & { readonly extension: number },
): UniqueClaim {
  return at(instance, content, begin(52, Tag.Prepare, content).u48(content.extension));
}

/** `("C", v, o, d)` at `[v|o]`: a backup's commit. The extension is that of the one proposal there can be. */
export function commitClaim(instance: InstanceId, content: Place): UniqueClaim {
  return at(instance, content, begin(46, Tag.Commit, content));
}

function begin(length: number, tag: number, { view, seq, digest }: Place): Writer {
  return new Writer(length).u16(tag).u48(view).u48(seq).digest(digest);
}

function at(instance: InstanceId, { view, seq }: Place, message: Writer): UniqueClaim {
  return { type: "unique", instance, value: { view, seq }, message: message.finish() };
}
