import type { Digest, InstanceId } from "@destiny/core/kernel/ids";
import { Certificate, type Message, Proposal, Vote } from "@destiny/core/wire/messages";
import type { Trace } from "../engine/trace.ts";

/** First word of what the trace is told. */
export const TraceKind = {
  Start: 1,
  Crash: 2,
  Arrival: 3,
  Client: 4,
  Expiry: 5,
  Completion: 6,
  Reply: 7,
} as const;

/** What tells one message from another, of whatever kind. */
interface Traits extends Message {
  readonly view?: number;
  readonly seq?: number;
  readonly entry?: number;
  readonly first?: number;
  readonly last?: number;
  readonly executed?: number;
  readonly stable?: number;
  readonly digest?: Digest;
  readonly root?: Digest;
}

/** Tells the trace which message it was. */
export function traceMessage(trace: Trace, message: Message): void {
  const traits: Traits = message;
  trace.note(message.kind, traits.view ?? 0, traits.seq ?? 0, traits.entry ?? 0);
  trace.note(traits.first ?? 0, traits.last ?? 0, traits.executed ?? 0, traits.stable ?? 0);
  trace.digest(traits.digest ?? traits.root ?? "");
}

/**
 * A message in 32 bits, made once for all its receivers: what tells it from others of its instance in a run in which nobody
 * makes up any.
 */
export function printOf(instance: InstanceId, content: object): number {
  const message = content as Message;
  if (message instanceof Vote || message instanceof Certificate || message instanceof Proposal) {
    return blend(blend(blend(message.kind, instance), message.view), message.seq) ^ charsOf(message.digest);
  }
  const { seq = 0, entry = 0, executed = 0, root = "" }: Traits = message;
  return blend(blend(blend(blend(message.kind, instance), seq), entry), executed) ^ charsOf(root);
}

function blend(print: number, word: number): number {
  return Math.imul(print ^ word ^ (print >>> 15), 0x85eb_ca6b);
}

function charsOf(digest: Digest): number {
  if (digest.length < 4) return 0;
  const [first, second] = [digest.charCodeAt(0), digest.charCodeAt(1)];
  return first | (second << 8) | (digest.charCodeAt(2) << 16) | (digest.charCodeAt(3) << 24);
}
