import type { Micros, ReplicaId } from "@destiny/core/kernel/ids";
import { LIMITS } from "@destiny/core/wire/limits";
import { RefusalCode } from "@destiny/core/wire/reply";
import { DeadlineError, describeRefusal, OverloadedError, RefusedError } from "./errors.ts";
import type { RequestSigner } from "./request-signer.ts";
import type { SessionOptions } from "./session-options.ts";
import type { SessionPort, Settlement } from "./session-port.ts";
import type { Submission } from "./submission.ts";

/** What a request has beside its operations: client, timestamp, count and signature. */
const REQUEST_OVERHEAD_BYTES = 32 + 6 + 4 + 64;

/** All submissions that have not settled: those under way, which are signed, and those that wait for their turn. */
export class Submissions {
  readonly #options: Pick<SessionOptions, "pipeline" | "queueMax">;
  readonly #port: Pick<SessionPort, "settle">;
  /** By timestamp, in ascending order. */
  readonly #signed = new Map<number, Submission>();
  /** By ticket, in the order in which they came. */
  readonly #queued = new Map<number, Submission>();
  #signedCount = 0;
  #answered = false;
  #deadline: Micros = Number.POSITIVE_INFINITY;

  constructor(options: Pick<SessionOptions, "pipeline" | "queueMax">, port: Pick<SessionPort, "settle">) {
    this.#options = options;
    this.#port = port;
  }

  /** Whether anything is signed and has no reply. */
  get underWay(): boolean {
    return this.#signed.size > 0;
  }

  /** No submission is due before this. */
  get deadline(): Micros {
    return this.#deadline;
  }

  /** Those under way, oldest first. */
  signed(): Iterable<Submission> {
    return this.#signed.values();
  }

  all(): Submission[] {
    return [...this.#signed.values(), ...this.#queued.values()];
  }

  byTimestamp(timestamp: number): Submission | undefined {
    return this.#signed.get(timestamp);
  }

  byTicket(ticket: number): Submission | undefined {
    return this.#queued.get(ticket) ?? [...this.#signed.values()].find((each) => each.ticket === ticket);
  }

  isOldest(submission: Submission): boolean {
    const [oldest] = this.#signed.values();
    return oldest === submission;
  }

  /** Whether nothing was signed after this. */
  isYoungest(submission: Submission): boolean {
    return submission.place === this.#signedCount - 1;
  }

  /** Queues a submission, or settles it at once if it can never be sent or nothing more may wait. */
  enqueue(submission: Submission): void {
    const flaw = flawOf(submission.operations);
    if (flaw !== null) return this.refuse(submission, new RefusedError(RefusalCode.Malformed, [], flaw));
    const { queueMax } = this.#options;
    if (this.#queued.size >= queueMax) {
      return this.refuse(submission, new OverloadedError(`${queueMax} submissions are waiting already`));
    }
    this.#queued.set(submission.ticket, submission);
    this.#deadline = Math.min(this.#deadline, submission.deadline);
  }

  /** Settles a submission that was not taken. */
  refuse(submission: Submission, error: Error): void {
    this.#port.settle(submission.ticket, { ok: false, error });
  }

  /** Signs what may go out now, first come, first served. */
  admit(signer: RequestSigner): Submission[] {
    const admitted: Submission[] = [];
    for (const submission of this.#queued.values()) {
      if (!this.#hasRoom()) break;
      this.#queued.delete(submission.ticket);
      this.sign(submission, signer);
      admitted.push(submission);
    }
    return admitted;
  }

  /** Signs a submission, for the first time or anew: then it is the youngest. */
  sign(submission: Submission, signer: RequestSigner): void {
    this.#signed.delete(submission.timestamp);
    submission.sign(signer.request(submission.operations), this.#signedCount);
    this.#signedCount += 1;
    this.#signed.set(submission.timestamp, submission);
  }

  /** Ends a submission that was taken: it must be one of {@link all}. */
  settle(submission: Submission, settlement: Settlement): void {
    this.#signed.delete(submission.timestamp);
    this.#queued.delete(submission.ticket);
    this.#answered ||= settlement.ok;
    this.#port.settle(submission.ticket, settlement);
  }

  /** Settles what is due. Links and coordinator are for the message. */
  expire(now: Micros, links: readonly ReplicaId[], coordinator: ReplicaId | null): void {
    if (now < this.#deadline) return;
    this.#deadline = Number.POSITIVE_INFINITY;
    for (const submission of this.all()) {
      if (submission.deadline > now) this.#deadline = Math.min(this.#deadline, submission.deadline);
      else this.settle(submission, { ok: false, error: deadlineError(submission, links, coordinator) });
    }
  }

  /**
   * Counted from the oldest under way, answered ones included: replicas keep the replies to so many of a client's
   * latest requests. The first goes alone, in case that the cluster knows later timestamps of this key than our clock's.
   */
  #hasRoom(): boolean {
    const [oldest] = this.#signed.values();
    if (oldest === undefined) return true;
    return this.#answered && this.#signedCount - oldest.place < this.#options.pipeline;
  }
}

function deadlineError(
  submission: Submission,
  links: readonly ReplicaId[],
  coordinator: ReplicaId | null,
): DeadlineError {
  const sent = submission.message !== null;
  const said = [...submission.refusals].map(
    ([replica, code]) => `replica ${replica}: ${describeRefusal(code)}`,
  );
  const whom = coordinator === null ? "coordinator unknown" : `coordinator ${coordinator}`;
  const where = links.length === 0 ? "no replica is reachable" : `linked to ${links.join(", ")}`;
  const what = sent
    ? "no reply that could be verified came in time"
    : "the deadline passed before its turn came";
  return new DeadlineError([what, whom, where, ...said].join("; "), sent);
}

/** Why these operations can never be a request; null if they can. */
function flawOf(operations: readonly Uint8Array[]): string | null {
  if (operations.length === 0) return "a request without operations";
  const { requestCommandsMax, operationBytesMax, requestBytesMax } = LIMITS;
  if (operations.length > requestCommandsMax)
    return `a request holds at most ${requestCommandsMax} operations`;
  let size = REQUEST_OVERHEAD_BYTES;
  for (const operation of operations) {
    if (operation.length > operationBytesMax) return `an operation has at most ${operationBytesMax} bytes`;
    size += 4 + operation.length;
  }
  return size > requestBytesMax ? `a request has at most ${requestBytesMax} bytes` : null;
}
