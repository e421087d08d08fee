import type { Digest } from "../kernel/ids.ts";
import type { Request } from "../wire/request.ts";

export interface IntakeLimits {
  /** Requests of one client that may wait. */
  readonly pipeline: number;
  /** Bytes of all requests that may wait. */
  readonly bytesMax: number;
  /** Bytes at which a batch is full. */
  readonly batchBytes: number;
}

/** Requests that wait to be proposed, and those proposed that have not executed, in the order in which they came. */
export class Intake {
  readonly #limits: IntakeLimits;
  #queue: Request[] = [];
  #queuedBytes = 0;
  #heldBytes = 0;
  /** Kept in case their client is assigned to us, the oldest first. They make room for what counts here now. */
  readonly #parked = new Set<Request>();
  #parkedBytes = 0;
  /** All that wait or are under way, by client and timestamp. */
  readonly #held = new Map<Digest, Map<number, Request>>();

  constructor(limits: IntakeLimits) {
    this.#limits = limits;
  }

  /** Bytes that could be proposed now. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Requests that could be proposed now. */
  get queuedRequests(): number {
    return this.#queue.length;
  }

  get empty(): boolean {
    return this.#queue.length === 0;
  }

  /** Whether there is enough for a full batch. */
  get full(): boolean {
    return this.#queuedBytes >= this.#limits.batchBytes;
  }

  /** Takes a request in: to be proposed if it is `ours`, else parked. Unless it is here, or has no room and must wait. */
  add(request: Request, ours: boolean): "taken" | "known" | "busy" {
    const ofClient = this.#held.get(request.client);
    if (ofClient?.has(request.timestamp) === true) return "known";
    if ((ofClient?.size ?? 0) >= this.#limits.pipeline) return "busy";
    if (this.#heldBytes - this.#parkedBytes + request.bytes.length > this.#limits.bytesMax) return "busy";
    this.#hold(request);
    if (ours) this.#enqueue(request);
    else this.#park(request);
    this.#evict();
    return "taken";
  }

  /** The next batch: the oldest requests, up to the size of a batch, that `may` be proposed here now. */
  take(may: (request: Request) => boolean): readonly Request[] {
    const batch: Request[] = [];
    const later: Request[] = [];
    let bytes = 0;
    for (const [index, request] of this.#queue.entries()) {
      if (bytes >= this.#limits.batchBytes) {
        later.push(...this.#queue.slice(index));
        break;
      }
      if (may(request)) {
        batch.push(request);
        bytes += request.bytes.length;
      } else this.#park(request);
    }
    this.#queue = later;
    this.#queuedBytes = 0;
    for (const request of later) this.#queuedBytes += request.bytes.length;
    return batch;
  }

  /** Everything of this client up to the timestamp has executed or never will. */
  settle(client: Digest, timestamp: number): void {
    const ofClient = this.#held.get(client);
    if (ofClient === undefined) return;
    for (const [held, request] of ofClient) {
      if (held > timestamp) continue;
      this.#forget(request);
    }
  }

  /** The same of all clients: `last` is the timestamp for each. */
  settleAll(last: (client: Digest) => number): void {
    for (const client of [...this.#held.keys()]) this.settle(client, last(client));
  }

  /** The client was assigned to us: what it sent before counts now, in the order in which it may execute. */
  adopt(client: Digest): void {
    const queued = new Set(this.#queue);
    const held = [...(this.#held.get(client)?.values() ?? [])].sort((a, b) => a.timestamp - b.timestamp);
    for (const request of held) {
      if (queued.has(request)) continue;
      this.#unpark(request);
      this.#enqueue(request);
    }
  }

  /** What is held of this client, in the order of its timestamps. */
  of(client: Digest): readonly Request[] {
    return [...(this.#held.get(client)?.values() ?? [])].sort((a, b) => a.timestamp - b.timestamp);
  }

  /** We coordinate all clients now: what is parked counts here, each client's in the order in which it may execute. */
  adoptParked(): void {
    const parked = new Set([...this.#parked].map(({ client }) => client));
    for (const client of parked) {
      for (const request of this.of(client)) {
        if (!this.#parked.has(request)) continue;
        this.#unpark(request);
        this.#enqueue(request);
      }
    }
  }

  /** Kept in case that they come to count here, the oldest first. */
  parked(): Iterable<Request> {
    return this.#parked;
  }

  /** Another one coordinates all clients now: what waited to be proposed, and is parked now. */
  yield(): readonly Request[] {
    const yielded = this.#queue;
    this.#queue = [];
    this.#queuedBytes = 0;
    for (const request of yielded) this.#park(request);
    return yielded;
  }

  /**
   * A batch had its turn. What it did not execute is proposed again, before all others, if it `may` be; else it is parked:
   * these are returned. The batch may have come back over the network, as other objects than those held.
   */
  giveBack(batch: readonly Request[], may: (request: Request) => boolean): readonly Request[] {
    const left = batch.flatMap((request) => this.#find(request) ?? []);
    if (left.length === 0) return [];
    const queued = new Set(this.#queue);
    const again = left.filter((request) => !queued.has(request) && may(request));
    const parked = left.filter((request) => !may(request));
    for (const request of parked) this.#park(request);
    for (const request of again) {
      this.#unpark(request);
      this.#queuedBytes += request.bytes.length;
    }
    this.#queue = [...again, ...this.#queue];
    return parked;
  }

  /** The very request, as it is held here. */
  #find({ client, timestamp, digest }: Request): Request | undefined {
    const held = this.#held.get(client)?.get(timestamp);
    return held?.digest === digest ? held : undefined;
  }

  #holds(request: Request): boolean {
    return this.#held.get(request.client)?.get(request.timestamp) === request;
  }

  #park(request: Request): void {
    if (!this.#holds(request) || this.#parked.has(request)) return;
    this.#parked.add(request);
    this.#parkedBytes += request.bytes.length;
  }

  #unpark(request: Request): void {
    if (this.#parked.delete(request)) this.#parkedBytes -= request.bytes.length;
  }

  #evict(): void {
    for (const request of this.#parked) {
      if (this.#heldBytes <= this.#limits.bytesMax) return;
      this.#forget(request);
    }
  }

  #forget(request: Request): void {
    const ofClient = this.#held.get(request.client);
    if (ofClient === undefined || !this.#holds(request)) return;
    this.#unpark(request);
    ofClient.delete(request.timestamp);
    if (ofClient.size === 0) this.#held.delete(request.client);
    this.#heldBytes -= request.bytes.length;
  }

  #hold(request: Request): void {
    const ofClient = this.#held.get(request.client) ?? new Map<number, Request>();
    ofClient.set(request.timestamp, request);
    this.#held.set(request.client, ofClient);
    this.#heldBytes += request.bytes.length;
  }

  #enqueue(request: Request): void {
    this.#queue.push(request);
    this.#queuedBytes += request.bytes.length;
  }
}
