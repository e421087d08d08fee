import type { Digest } from "@destiny/core/kernel/ids";
import type { Message } from "@destiny/core/wire/messages";
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
