import type { Port } from "../../../effects/port.ts";
import type { Digest, ReplicaId, View } from "../../../kernel/ids.ts";
import { type Message, type Proposal, Pull } from "../../../wire/messages.ts";
import { FetchBodies, FetchNewView } from "../../../wire/view-change.ts";

/** NewViews that are asked for at a time. */
const VIEWS_MAX = 32;
/** Values that one replica is asked for at a time: together they fit into one answer. */
const UNDER_WAY_MAX = 4;

interface Want {
  /** Who spoke of it, and should have it. */
  readonly source: ReplicaId;
  tries: number;
}

interface BodyWant extends Want {
  /** What the value is of. */
  readonly headers: Proposal[];
}

/** NewViews and values that are missed, asked for at those who spoke of them and then at all. */
export class Wants {
  readonly #port: Port;
  readonly #self: ReplicaId;
  readonly #patience: number;
  readonly #views = new Map<View, Want>();
  #bodies = new Map<Digest, BodyWant>();
  /** Values asked for since the last tick. */
  readonly #asked = new Set<Digest>();
  /** Those wanted now, while they are being said. */
  #next = new Map<Digest, BodyWant>();

  constructor(port: Port, self: ReplicaId, n: number) {
    this.#port = port;
    this.#self = self;
    this.#patience = 2 * n;
  }

  get any(): boolean {
    const [first] = this.#bodies.values();
    return this.#views.size > 0 || (first !== undefined && first.tries <= this.#patience);
  }

  wantsView(view: View): boolean {
    return this.#views.has(view);
  }

  /** The NewView of a view, at the next tick: it may come by itself. */
  view(view: View, source: ReplicaId): void {
    if (this.#views.size < VIEWS_MAX && !this.#views.has(view)) this.#views.set(view, { source, tries: 0 });
  }

  /** The same, at once. */
  viewNow(view: View, source: ReplicaId): void {
    const known = this.#views.has(view);
    this.view(view, source);
    if (!known) this.#send(source, new FetchNewView(view));
  }

  gotView(view: View): void {
    this.#views.delete(view);
  }

  /** What was asked for up to a view is not needed any more, or will be asked for anew. */
  forgetViews(upTo: View): void {
    for (const view of this.#views.keys()) if (view <= upTo) this.#views.delete(view);
  }

  /** A value that is missed. To be said anew each time, between two calls of {@link settleBodies}. */
  body(header: Proposal, source: ReplicaId): void {
    const { digest } = header;
    const said = this.#next.get(digest);
    if (said !== undefined) return void said.headers.push(header);
    const tries = this.#bodies.get(digest)?.tries ?? 0;
    this.#next.set(digest, { source, tries, headers: [header] });
  }

  /** All is said: asks for what is newly wanted, and forgets what is not wanted any more. */
  settleBodies(): void {
    this.#bodies = this.#next;
    this.#next = new Map();
    for (const digest of this.#asked) if (!this.#bodies.has(digest)) this.#asked.delete(digest);
    this.#ask();
  }

  /** A value came: what it was wanted for. Whoever serves one is asked for the next. */
  gotBody(digest: Digest): readonly Proposal[] {
    const want = this.#bodies.get(digest);
    if (want === undefined) return [];
    this.#bodies.delete(digest);
    this.#asked.delete(digest);
    for (const other of this.#bodies.values()) other.tries = 0;
    this.#ask();
    return want.headers;
  }

  /** Asks again: first who spoke of it, then everybody; in the end it was a lie, or nobody has it any more. */
  tick(): void {
    for (const [view, want] of this.#views) {
      want.tries += 1;
      if (want.tries > this.#patience) this.#views.delete(view);
      else if (want.tries <= 2) this.#send(want.source, new FetchNewView(view));
      else this.#port.broadcast(new FetchNewView(view));
    }
    this.#asked.clear();
    for (const want of this.#bodies.values()) want.tries += 1;
    const [first] = this.#bodies.values();
    if (first === undefined || first.tries > this.#patience) return;
    if (first.tries % 2 === 1) this.#ask();
    else this.#pull();
  }

  #ask(): void {
    const bySource = new Map<ReplicaId, Digest[]>();
    const busy = new Map<ReplicaId, number>();
    for (const [digest, { source }] of this.#bodies) {
      const underWay = busy.get(source) ?? 0;
      if (underWay >= UNDER_WAY_MAX) continue;
      busy.set(source, underWay + 1);
      if (this.#asked.has(digest)) continue;
      this.#asked.add(digest);
      bySource.set(source, [...(bySource.get(source) ?? []), digest]);
    }
    for (const [source, digests] of bySource) this.#send(source, new FetchBodies(digests));
  }

  #send(to: ReplicaId, message: Message): void {
    if (to === this.#self) this.#port.broadcast(message);
    else this.#port.send(to, message);
  }

  /** Everybody, also for what they know only as history: it may be decided. */
  #pull(): void {
    const some = [...this.#bodies].slice(0, UNDER_WAY_MAX);
    this.#port.broadcast(new FetchBodies(some.map(([digest]) => digest)));
    for (const [, { headers }] of some) {
      for (const { seq } of headers) this.#port.broadcast(new Pull(seq, seq, true));
    }
  }
}
