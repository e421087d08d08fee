import type { FaultModel } from "@destiny/core/kernel/fault-model";
import type { Digest, Micros, ReplicaId } from "@destiny/core/kernel/ids";
import type { ClientMessage } from "@destiny/core/wire/client-protocol";
import { AssignRequest } from "@destiny/core/wire/messages";
import { type Refusal, RefusalCode, type Reply } from "@destiny/core/wire/reply";
import { Request } from "@destiny/core/wire/request";
import { CLIENT_INSTANCE } from "@destiny/simulator/cluster/replica-host";
import type { Party, World } from "@destiny/simulator/cluster/world";
import type { Address } from "@destiny/simulator/network/latency";
import type { Sizes } from "@destiny/simulator/network/sizes";
import { fastDigest } from "@destiny/simulator/trust/fast-digest";
import type { ClientDesk } from "./client-desk.ts";
import { operation } from "./null-service.ts";

/** Whom a client tells of an answer. */
export interface ClientListener {
  /** A request that was due at `due` is answered, by one proof or by enough equal replies. */
  answered(client: LoadClient, due: Micros): void;
  /** A request was not taken for good, or is given up. */
  failed(client: LoadClient): void;
}

export interface LoadClientOptions {
  readonly world: World;
  readonly faults: FaultModel;
  readonly sizes: Sizes;
  readonly key: Digest;
  readonly target: ReplicaId;
  /** Requests that it has under way at once; further ones wait at the client. */
  readonly inFlight: number;
  /** How long it waits for an answer before it asks everybody. A fifth of that later it asks again. */
  readonly patience: Micros;
  /** Whether it may wish for another coordinator. */
  readonly mayLeave: boolean;
  readonly listener: ClientListener;
  /** Where it works; takes no time if null. */
  readonly desk: ClientDesk | null;
}

interface UnderWay {
  readonly request: Request;
  readonly due: Micros;
  sent: Micros;
  /** Replicas that have said the same. */
  voices: number;
  attempts: number;
}

const SIGNATURE = new Uint8Array(64);
const ATTEMPTS_BEFORE_LEAVING = 4;
/** How often it looks whether something is late, while it waits for as long as it is patient. */
const LOOKS = 5;

/**
 * A client of the evaluation: many requests under way at once, no signatures, and one timer for all of them that runs only
 * while something may be late. It believes one proof or enough replies, as the protocol answers.
 */
export class LoadClient implements Party {
  readonly key: Digest;
  readonly address: Address;
  readonly #options: LoadClientOptions;
  readonly #underWay = new Map<number, UnderWay>();
  /** When requests that wait here were due. */
  readonly #waiting: Micros[] = [];
  #target: ReplicaId;
  #timestamp = 0;
  #nonce = 0;
  #watching = false;

  constructor(options: LoadClientOptions) {
    this.#options = options;
    this.key = options.key;
    this.#target = options.target;
    this.address = options.world.join(this);
  }

  get target(): ReplicaId {
    return this.#target;
  }

  /** Requests that are due and not answered. */
  get outstanding(): number {
    return this.#underWay.size + this.#waiting.length;
  }

  /** One more request is due now. */
  submit(): void {
    const { now } = this.#options.world.engine;
    if (this.#underWay.size < this.#options.inFlight) this.#send(now);
    else this.#waiting.push(now);
  }

  onReply(from: ReplicaId, reply: Reply): void {
    const request = this.#underWay.get(reply.timestamp);
    if (request === undefined) return;
    if (reply.type === "refusal") return this.#onRefusal(from, request, reply);
    request.voices += 1;
    if (reply.type === "plain" && request.voices < this.#options.faults.oneCorrect) return;
    this.#underWay.delete(reply.timestamp);
    const due = this.#waiting.shift();
    if (due !== undefined) this.#send(due);
    const { desk, world, listener } = this.#options;
    if (desk === null) return listener.answered(this, request.due);
    const done = desk.verify(world.engine.now);
    world.engine.after(Math.ceil(done - world.engine.now), () => listener.answered(this, request.due));
  }

  #send(due: Micros): void {
    const { engine } = this.#options.world;
    this.#timestamp += 1;
    const fields = { client: this.key, timestamp: this.#timestamp, operations: [operation(this.#timestamp)] };
    const request = Request.create(fields, fastDigest, () => SIGNATURE);
    request.valid = true;
    this.#underWay.set(this.#timestamp, { request, due, sent: engine.now, voices: 0, attempts: 0 });
    const { desk } = this.#options;
    if (desk === null) this.#ask(this.#target, request);
    else engine.after(Math.ceil(desk.sign(engine.now) - engine.now), () => this.#ask(this.#target, request));
    this.#watch();
  }

  #ask(to: ReplicaId, request: Request): void {
    this.#tell(to, { type: "submit", request });
  }

  #tell(to: ReplicaId, content: ClientMessage): void {
    const { world, sizes } = this.#options;
    const parcel = { from: this.address, to, instance: CLIENT_INSTANCE, content };
    world.network.send(parcel, sizes.clientMessage(content));
  }

  #watch(): void {
    if (this.#watching) return;
    this.#watching = true;
    this.#options.world.engine.after(Math.ceil(this.#options.patience / LOOKS), () => this.#look());
  }

  /** What has waited for too long is asked of everybody; what that does not help, of another coordinator. */
  #look(): void {
    this.#watching = false;
    const { world, patience, faults, mayLeave } = this.#options;
    const { now } = world.engine;
    const late = [...this.#underWay.values()].filter(
      ({ sent, attempts }) => now - sent >= (attempts === 0 ? patience : patience / LOOKS),
    );
    for (const request of late) {
      request.attempts += 1;
      request.sent = now;
    }
    if (mayLeave && late.some(({ attempts }) => attempts > ATTEMPTS_BEFORE_LEAVING)) this.#leave();
    for (const { request } of late) for (let to = 0; to < faults.n; to += 1) this.#ask(to, request);
    if (this.#underWay.size > 0) this.#watch();
  }

  /** Wishes for the next coordinator (DQBFT 3.2.6). */
  #leave(): void {
    const { n } = this.#options.faults;
    this.#nonce += 1;
    this.#target = (this.#target + 1) % n;
    const wish = { client: this.key, coordinator: this.#target, nonce: this.#nonce, signature: SIGNATURE };
    for (let to = 0; to < n; to += 1) {
      this.#tell(to, { type: "assign", assign: new AssignRequest(wish) });
    }
  }

  #onRefusal(from: ReplicaId, { request, attempts }: UnderWay, { code, coordinator }: Refusal): void {
    if (code === RefusalCode.NotCoordinator) {
      // It says who is: a new primary, or the one that took our wish. Whoever crashed says nothing any more.
      if (coordinator === this.#target || (from !== this.#target && attempts === 0)) return;
      this.#target = coordinator;
      return this.#ask(coordinator, request);
    }
    if (code === RefusalCode.NoHome) return;
    this.#underWay.delete(request.timestamp);
    this.#options.listener.failed(this);
  }
}
