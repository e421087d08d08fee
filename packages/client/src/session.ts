import type { Micros, ReplicaId } from "@destiny/core/kernel/ids";
import { Misbehaviour } from "@destiny/core/kernel/misbehaviour";
import { encodeClientMessage, encodeReplicaMessage } from "@destiny/core/wire/client-protocol";
import {
  type PlainReply,
  type ProvenReply,
  type Refusal,
  RefusalCode,
  type Reply,
  rootOfReply,
} from "@destiny/core/wire/reply";
import { digestOf } from "@destiny/crypto/hash/sha256";
import { BusyPause } from "./busy-pause.ts";
import { Coordination } from "./coordination.ts";
import { ClosedError, RefusedError, SupersededError } from "./errors.ts";
import { Ladder, Rung } from "./ladder.ts";
import { Links } from "./links.ts";
import type { RequestSigner } from "./request-signer.ts";
import type { SessionOptions } from "./session-options.ts";
import type { ProofJob, SessionPort } from "./session-port.ts";
import type { Submission } from "./submission.ts";
import { Submissions } from "./submissions.ts";
import { type ReplyProof, toVerifiedReply } from "./verified-reply.ts";

/**
 * A client's side of the protocol (DQBFT 3.2.6, linear-hybster.md 5) without IO: it is told what happens and when, and
 * asks its {@link SessionPort} for what it wants. It believes nobody: a reply counts if a certificate proves it, or if
 * as many replicas sent it as hold a correct one; anything else only makes it try elsewhere.
 */
export class Session {
  readonly #options: SessionOptions;
  readonly #port: SessionPort;
  readonly #signer: RequestSigner;
  readonly #links: Links;
  readonly #submissions: Submissions;
  readonly #coordination: Coordination;
  readonly #ladder: Ladder;
  readonly #pause: BusyPause;
  /** When to ask every replica if the first one has not answered; infinity once anybody has. */
  #greetedBy: Micros = Number.POSITIVE_INFINITY;
  #closed = false;

  constructor(options: SessionOptions, signer: RequestSigner, port: SessionPort) {
    this.#options = options;
    this.#port = port;
    this.#signer = signer;
    this.#links = new Links(options.faults.n, port);
    this.#submissions = new Submissions(options, port);
    this.#coordination = new Coordination(options.faults);
    this.#ladder = new Ladder(options.retryMicros, options.retryMaxMicros);
    this.#pause = new BusyPause(signer.client.charCodeAt(0));
  }

  /** Whom this client takes for its coordinator; null until a replica was asked. */
  get coordinator(): ReplicaId | null {
    return this.#coordination.coordinator;
  }

  /** Opens the first links. Call it once. */
  start(now: Micros): void {
    if (this.#options.plainReplies) this.#links.dialAll();
    else this.#links.dial(this.#options.firstReplica);
    this.#greetedBy = now + this.#options.retryMicros;
    this.#advance(now);
  }

  /** Takes a submission over. Whatever becomes of it comes through {@link SessionPort.settle}, perhaps at once. */
  submit(submission: Submission, now: Micros): void {
    if (this.#closed) return this.#submissions.refuse(submission, new ClosedError("the client is closed"));
    this.#submissions.enqueue(submission);
    this.#advance(now);
  }

  /** Gives a submission up, for the caller's reason. Nothing if it has settled. */
  cancel(ticket: number, reason: unknown, now: Micros): void {
    const submission = this.#submissions.byTicket(ticket);
    if (submission === undefined) return;
    this.#submissions.settle(submission, { ok: false, error: reason });
    this.#advance(now);
  }

  /** Settles everything with {@link ClosedError}. */
  close(): void {
    this.#closed = true;
    for (const submission of this.#submissions.all()) {
      this.#submissions.settle(submission, { ok: false, error: new ClosedError("the client was closed") });
    }
  }

  /** The replica proved its identity, and names our coordinator. */
  linkUp(replica: ReplicaId, coordinator: ReplicaId, now: Micros): void {
    if (this.#closed) return;
    this.#links.set(replica, "up");
    this.#greetedBy = Number.POSITIVE_INFINITY;
    const moved = this.#onHint(replica, coordinator, now);
    const serves = replica === this.coordinator && !moved;
    if (serves || this.#ladder.rung >= Rung.Broadcast) this.#sendAllTo(replica);
    this.#advance(now);
  }

  /** The link broke, or an attempt to open it failed. */
  linkDown(replica: ReplicaId, now: Micros): void {
    if (this.#closed) return;
    this.#links.set(replica, "down");
    if (this.coordinator === null) this.#links.dialAll();
    else if (replica === this.coordinator) this.#goAround(now);
    this.#advance(now);
  }

  /** A message that came over the replica's link. */
  receive(replica: ReplicaId, reply: Reply, now: Micros): void {
    if (this.#closed) return;
    const submission = this.#submissions.byTimestamp(reply.timestamp);
    if (reply.client !== this.#signer.client) this.#port.report(replica, Misbehaviour.NotForUs);
    // Replies to what has settled are no fault: more than one replica answers.
    else if (submission !== undefined) this.#onReply(replica, reply, submission, now);
    this.#advance(now);
  }

  /** The answer to {@link SessionPort.verify}: a certificate that proves the root, or null. */
  verified(job: ProofJob, aggregate: Uint8Array | null, now: Micros): void {
    if (this.#closed) return;
    if (aggregate === null) return this.#port.report(job.from, Misbehaviour.BadCertificate);
    const { reply, root, submission } = job;
    if (this.#submissions.byTimestamp(reply.timestamp) !== submission) return;
    const { index, count, path } = reply;
    this.#accept(submission, reply, { root, aggregate, index, count, path }, now);
    this.#advance(now);
  }

  /** Time has come to the moment that {@link SessionPort.wake} asked for. Early or spare calls do no harm. */
  tick(now: Micros): void {
    if (this.#closed) return;
    this.#submissions.expire(now, this.#links.up(), this.coordinator);
    if (now >= this.#greetedBy) {
      this.#greetedBy = Number.POSITIVE_INFINITY;
      this.#links.dialAll();
    }
    if (now >= this.#pause.until) {
      this.#pause.end();
      if (this.coordinator !== null) this.#sendAllTo(this.coordinator);
    }
    if (now >= this.#ladder.at && this.#submissions.underWay) this.#climb(now);
    this.#advance(now);
  }

  #onReply(replica: ReplicaId, reply: Reply, submission: Submission, now: Micros): void {
    if (reply.type === "refusal") return this.#onRefusal(replica, reply, submission, now);
    if (reply.results.length !== submission.operations.length) {
      return this.#port.report(replica, Misbehaviour.WrongResult);
    }
    if (reply.type === "proven") this.#onProven(replica, reply, submission);
    else this.#onPlain(replica, reply, submission, now);
  }

  #onProven(from: ReplicaId, reply: ProvenReply, submission: Submission): void {
    if (!submission.admitProof(from)) return;
    const root = rootOfReply(reply, digestOf);
    if (root === null) return this.#port.report(from, Misbehaviour.BadCertificate);
    this.#port.verify({ submission, from, reply, root });
  }

  #onPlain(from: ReplicaId, reply: PlainReply, submission: Submission, now: Micros): void {
    const equal = submission.reply(from, digestOf(encodeReplicaMessage(reply)));
    if (equal >= this.#options.faults.oneCorrect) this.#accept(submission, reply, null, now);
  }

  #onRefusal(from: ReplicaId, refusal: Refusal, submission: Submission, now: Micros): void {
    const { code } = refusal;
    if (code === RefusalCode.NotCoordinator) return void this.#onHint(from, refusal.coordinator, now);
    if (code === RefusalCode.NoHome) return this.#onNoHome(from, refusal.away ?? [], now);
    if (code === RefusalCode.Busy) return this.#onBusy(from, now);
    const agreeing = submission.refuse(from, code);
    // One replica's word is nothing. If others say the same, they will when asked.
    if (agreeing.length < this.#options.faults.oneCorrect) return this.#goAround(now);
    if (this.#neverExecutes(submission, code)) return this.#signAgain(submission);
    const error =
      code === RefusalCode.TimestampUsed
        ? new SupersededError(
            "later requests of this client have executed, perhaps this one too: its reply is not kept",
          )
        : new RefusedError(code, agreeing);
    this.#submissions.settle(submission, { ok: false, error });
  }

  /**
   * Whether a correct replica's refusal says that a request has not executed and never will, so that the same operations
   * under a new timestamp execute once at most. `TimestampUsed` does so only for the last request that we signed:
   * had it executed, it would be the client's latest, whose reply is always kept.
   */
  #neverExecutes(submission: Submission, code: RefusalCode): boolean {
    if (code === RefusalCode.Superseded) return true;
    return code === RefusalCode.TimestampUsed && this.#submissions.isYoungest(submission);
  }

  #signAgain(submission: Submission): void {
    this.#signer.leap();
    this.#submissions.sign(submission, this.#signer);
    this.#dispatch(submission);
  }

  #onBusy(from: ReplicaId, now: Micros): void {
    if (from === this.coordinator && this.#pause.begin(now)) this.#ladder.again(now);
  }

  /** A coordinator that enough replicas say is away is left at once, if there is one that is not (dqbft.md H25). */
  #onNoHome(from: ReplicaId, away: readonly ReplicaId[], now: Micros): void {
    this.#coordination.hintAway(from, away);
    if (!this.#coordination.mustLeave((replica) => this.#links.isUp(replica))) return this.#goAround(now);
    this.#ladder.climb(now, Rung.Reassign);
    this.#reassign();
  }

  /** True if the coordinator is another now, and has got everything if there is a link to it. */
  #onHint(from: ReplicaId, named: ReplicaId, now: Micros): boolean {
    if (named >= this.#options.faults.n) {
      this.#port.report(from, Misbehaviour.BadFrame);
      return false;
    }
    if (!this.#coordination.hint(from, named)) return false;
    this.#links.dial(named);
    this.#sendAllTo(named);
    this.#ladder.again(now);
    return true;
  }

  #accept(
    submission: Submission,
    reply: ProvenReply | PlainReply,
    proof: ReplyProof | null,
    now: Micros,
  ): void {
    if (this.#submissions.isOldest(submission)) {
      this.#ladder.reset(now);
      this.#coordination.served();
    }
    this.#pause.reset();
    this.#signer.accepted();
    this.#submissions.settle(submission, { ok: true, reply: toVerifiedReply(reply, proof) });
  }

  #climb(now: Micros): void {
    const rung = this.#ladder.climb(now);
    if (rung === Rung.Resend && this.coordinator !== null) this.#sendAllTo(this.coordinator);
    else if (rung <= Rung.Broadcast) this.#broadcast();
    else this.#reassign();
  }

  /** The coordinator cannot be reached or refuses: no use in waiting before all are asked. */
  #goAround(now: Micros): void {
    if (this.#ladder.rung >= Rung.Broadcast || !this.#submissions.underWay) return;
    this.#ladder.climb(now, Rung.Broadcast);
    this.#broadcast();
  }

  #broadcast(): void {
    this.#links.dialAll();
    for (const replica of this.#links.up()) this.#sendAllTo(replica);
  }

  /** Wishes for the next coordinator that we could talk to. */
  #reassign(): void {
    const next = this.#coordination.successor((replica) => this.#links.isUp(replica));
    if (next !== undefined) {
      // Nonces come from the clock, which may have been set back since the last wish that the cluster knows.
      if (this.#coordination.wishedInVain) this.#signer.leap();
      this.#coordination.wishFor(this.#signer.assign(next));
    }
    this.#broadcast();
  }

  /** Everything under way, oldest first, for a coordinator must not see a later request before an earlier one. */
  #sendAllTo(replica: ReplicaId): void {
    if (!this.#links.isUp(replica)) return;
    const { wish } = this.#coordination;
    if (wish !== null) this.#port.send(replica, encodeClientMessage({ type: "assign", assign: wish }));
    for (const { message } of this.#submissions.signed()) {
      if (message !== null) this.#port.send(replica, message);
    }
  }

  #dispatch({ message }: Submission): void {
    const everybody = this.#ladder.rung >= Rung.Broadcast;
    for (const replica of everybody ? this.#links.up() : [this.coordinator]) {
      if (replica !== null && message !== null && this.#links.isUp(replica))
        this.#port.send(replica, message);
    }
  }

  /** Sends what may be sent, and asks to be woken for what comes next. Ends every event. */
  #advance(now: Micros): void {
    if (!this.#pause.active) {
      for (const submission of this.#submissions.admit(this.#signer)) this.#dispatch(submission);
    }
    this.#ladder.run(this.#submissions.underWay, now);
    if (this.coordinator !== null && this.#links.isDown(this.coordinator)) this.#goAround(now);
    const at = Math.min(this.#submissions.deadline, this.#ladder.at, this.#pause.until, this.#greetedBy);
    if (at !== Number.POSITIVE_INFINITY) this.#port.wake(at);
  }
}
