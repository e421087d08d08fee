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

  /** Takes a request in, unless it is here already (false too) or there is no room: then the client must wait. */
  add(request: Request): "taken" | "known" | "busy" {
    const ofClient = this.#held.get(request.client);
    if (ofClient?.has(request.timestamp) === true) return "known";
    const room = this.#heldBytes + request.bytes.length <= this.#limits.bytesMax;
    if (!room || (ofClient?.size ?? 0) >= this.#limits.pipeline) return "busy";
    this.#hold(request);
    this.#enqueue(request);
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
      }
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
      ofClient.delete(held);
      this.#heldBytes -= request.bytes.length;
    }
    if (ofClient.size === 0) this.#held.delete(client);
  }

  /** The client was assigned to us: what it sent before counts now. */
  adopt(client: Digest): void {
    const queued = new Set(this.#queue);
    for (const request of this.#held.get(client)?.values() ?? [])
      if (!queued.has(request)) this.#enqueue(request);
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
