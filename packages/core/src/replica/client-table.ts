import type { Digest, ReplicaId } from "../kernel/ids.ts";
import { invariant } from "../kernel/invariant.ts";
import type { PagedState } from "../service/service.ts";
import { LIMITS } from "../wire/limits.ts";
import { PATH_MAX } from "../wire/merkle.ts";
import { DecodeError, Reader } from "../wire/reader.ts";
import { Writer } from "../wire/writer.ts";
import { CLIENT_BYTES_MAX, KeptReplies, type KeptReply, resultBytes } from "./kept-replies.ts";

interface ClientRecord {
  /** Timestamp of the last executed request: nothing up to it executes again. Never decreases. */
  last: number;
  /** The coordinator that the client was assigned to, or null for the one that its key says. */
  coordinator: ReplicaId | null;
  /** Nonce of the last executed assignment. Never decreases. */
  nonce: number;
  /** Oldest first. */
  replies: KeptReply[];
}

const PAGES = 64;

/** What every replica remembers of each client (DQBFT 3.2.6): part of the replicated state. */
export class ClientTable implements PagedState {
  readonly pageCount: number = PAGES;
  readonly #pages: Map<Digest, ClientRecord>[] = Array.from({ length: PAGES }, () => new Map());
  readonly #dirty = new Set<number>(Array.from({ length: PAGES }, (_, index) => index));
  readonly #n: number;
  readonly #repliesMax: number;
  readonly #kept: KeptReplies;
  #size = 0;

  /** `keptBytesMax`: of all clients' replies together; the same at every replica. */
  constructor(n: number, repliesMax: number, keptBytesMax?: number) {
    this.#n = n;
    this.#repliesMax = repliesMax;
    this.#kept = new KeptReplies(keptBytesMax);
  }

  /** Clients that have executed anything. */
  get size(): number {
    return this.#size;
  }

  has(client: Digest): boolean {
    return this.#find(client) !== undefined;
  }

  last(client: Digest): number {
    return this.#find(client)?.last ?? 0;
  }

  /** Who coordinates the client: the assigned replica, else the one that its key says. */
  coordinator(client: Digest): ReplicaId {
    return this.#find(client)?.coordinator ?? homeOf(client, this.#n);
  }

  nonce(client: Digest): number {
    return this.#find(client)?.nonce ?? 0;
  }

  reply(client: Digest, timestamp: number): KeptReply | undefined {
    return this.#find(client)?.replies.find((reply) => reply.timestamp === timestamp);
  }

  /** Whether a request of this timestamp may have executed though no reply is kept: the older ones are forgotten. */
  hasForgotten(client: Digest, timestamp: number): boolean {
    const record = this.#find(client);
    if (record === undefined || timestamp > record.last) return false;
    const [oldest] = record.replies;
    return oldest === undefined || timestamp < oldest.timestamp;
  }

  /** A request has executed. */
  record(client: Digest, reply: KeptReply): void {
    const record = this.#claim(client);
    invariant(reply.timestamp > record.last, "a client's requests execute in the order of their timestamps");
    record.last = reply.timestamp;
    record.replies.push(reply);
    this.#kept.add(client, reply);
    let bytes = 0;
    for (const kept of record.replies) bytes += resultBytes(kept);
    while (
      record.replies.length > this.#repliesMax ||
      (bytes > CLIENT_BYTES_MAX && record.replies.length > 1)
    ) {
      const forgotten = record.replies.shift();
      if (forgotten === undefined) break;
      bytes -= resultBytes(forgotten);
      this.#kept.forget(forgotten);
    }
    this.#forgetOldest();
  }

  /** Of all clients, those executed first. A client's replies are as old as they are early in its list. */
  #forgetOldest(): void {
    for (let oldest = this.#kept.takeExcess(); oldest !== null; oldest = this.#kept.takeExcess()) {
      const { client, reply } = oldest;
      const { replies } = this.#claim(client);
      invariant(replies[0] === reply, "the oldest of all replies is its client's oldest");
      replies.shift();
    }
  }

  /** An assignment has executed; an older one changes nothing. */
  assign(client: Digest, coordinator: ReplicaId, nonce: number): boolean {
    if (nonce <= this.nonce(client)) return false;
    const record = this.#claim(client);
    record.coordinator = coordinator;
    record.nonce = nonce;
    return true;
  }

  takeDirty(): readonly number[] {
    const dirty = [...this.#dirty].sort((a, b) => a - b);
    this.#dirty.clear();
    return dirty;
  }

  page(index: number): Uint8Array {
    const page = this.#pages[index] ?? new Map<Digest, ClientRecord>();
    const out = new Writer(256).u32(page.size);
    for (const client of [...page.keys()].sort()) {
      const record = page.get(client);
      if (record !== undefined) writeRecord(client, record, out);
    }
    return out.finish();
  }

  load(pages: readonly Uint8Array[]): void {
    if (pages.length !== PAGES) throw new DecodeError("a client table of another shape");
    this.#size = 0;
    for (const [index, bytes] of pages.entries()) {
      const page = readPage(bytes.slice());
      this.#pages[index] = page;
      this.#size += page.size;
      this.#dirty.add(index);
    }
    this.#kept.load(this.#allReplies());
  }

  #allReplies(): { readonly client: Digest; readonly reply: KeptReply }[] {
    const all = this.#pages.flatMap((page) => [...page]);
    return all.flatMap(([client, { replies }]) => replies.map((reply) => ({ client, reply })));
  }

  #find(client: Digest): ClientRecord | undefined {
    return this.#pages[pageOf(client)]?.get(client);
  }

  #claim(client: Digest): ClientRecord {
    const index = pageOf(client);
    this.#dirty.add(index);
    const found = this.#find(client);
    if (found !== undefined) return found;
    const record: ClientRecord = { last: 0, coordinator: null, nonce: 0, replies: [] };
    this.#pages[index]?.set(client, record);
    this.#size += 1;
    return record;
  }
}

/** Coordinator of a client that was never assigned: keys are spread evenly enough. */
export function homeOf(client: Digest, n: number): ReplicaId {
  // The last bytes of a key: pages use the first one.
  return (client.charCodeAt(29) * 256 + client.charCodeAt(30)) % n;
}

function pageOf(client: Digest): number {
  return client.charCodeAt(0) % PAGES;
}

function writeRecord(client: Digest, record: ClientRecord, out: Writer): void {
  out.digest(client).u48(record.last).u48(record.nonce);
  out.u16(record.coordinator === null ? 0xffff : record.coordinator).u32(record.replies.length);
  for (const reply of record.replies) {
    out.u48(reply.timestamp).digest(reply.request).u48(reply.seq).u16(reply.entry);
    out.u32(reply.index).u32(reply.count).u8(reply.path.length);
    for (const digest of reply.path) out.digest(digest);
    out.u32(reply.results.length);
    for (const result of reply.results) out.bytes(result);
  }
}

function readPage(bytes: Uint8Array): Map<Digest, ClientRecord> {
  const input = new Reader(bytes);
  const page = new Map<Digest, ClientRecord>();
  const count = input.count(bytes.length, 50);
  for (let i = 0; i < count; i += 1) {
    const client = input.digest();
    const last = input.u48();
    const nonce = input.u48();
    const assigned = input.u16();
    const coordinator = assigned === 0xffff ? null : assigned;
    page.set(client, { last, nonce, coordinator, replies: readReplies(input) });
  }
  input.end();
  return page;
}

function readReplies(input: Reader): KeptReply[] {
  const count = input.count(LIMITS.requestCommandsMax, 50);
  const replies: KeptReply[] = [];
  for (let i = 0; i < count; i += 1) replies.push(readReply(input));
  return replies;
}

function readReply(input: Reader): KeptReply {
  const place = { timestamp: input.u48(), request: input.digest(), seq: input.u48(), entry: input.u16() };
  const leaf = { index: input.u32(), count: input.u32() };
  const length = input.u8();
  if (length > PATH_MAX) throw new DecodeError("a path that no tree has");
  const path: Digest[] = [];
  for (let i = 0; i < length; i += 1) path.push(input.digest());
  const resultCount = input.count(LIMITS.requestCommandsMax, 4);
  const results: Uint8Array[] = [];
  for (let i = 0; i < resultCount; i += 1) results.push(input.bytes(LIMITS.resultBytesMax + 1));
  return { path, results, ...place, ...leaf };
}
