import { hash } from "node:crypto";
import { expect, test } from "vitest";
import type { Effect } from "../../effects/effects.ts";
import { Port } from "../../effects/port.ts";
import { ROOT } from "../../kernel/ids.ts";
import { Misbehaviour } from "../../kernel/misbehaviour.ts";
import { DIGESTS_MAX, FetchState, StateDigests, StatePages } from "../../wire/state-transfer.ts";
import { ModelState, pagesOf } from "./model-state.ts";
import { StateTransfer } from "./state-transfer.ts";

const digestOf = (bytes: Uint8Array): string => hash("sha256", bytes, "binary");

const TIMER = 4;

interface Asked {
  readonly to: number;
  readonly request: FetchState;
}

/** A replica that fetches, with its peers played by the test. */
class Stage {
  readonly transfer: StateTransfer;
  readonly installed: { seq: number; pages: readonly string[] }[] = [];
  newest: ModelState;
  executed = 0;
  own: ModelState | null = null;
  readonly #asked: Asked[] = [];
  readonly #accused: number[] = [];

  constructor(state: ModelState, n = 4) {
    this.newest = state;
    const port = new Port({ push: (effect) => this.#onEffect(effect) }, ROOT);
    this.transfer = new StateTransfer({
      ...{ self: 0, n, port, hash: digestOf, timer: TIMER, delay: 200_000 },
      executed: () => this.executed,
      newest: () => this.newest.anchor,
      own: (index) => this.own?.pages[index] ?? null,
      install: ({ seq }, pages) => {
        this.installed.push({ seq, pages: pages.map(digestOf) });
        this.executed = seq;
      },
    });
  }

  /** What was asked since the last time. */
  asked(): Asked[] {
    return this.#asked.splice(0);
  }

  /** Who was accused since the last time. */
  accused(): number[] {
    return this.#accused.splice(0);
  }

  answer({ to, request }: Asked, state: ModelState = this.newest): void {
    const { seq, ticket, first, pieces } = request;
    if (pieces.length === 0) this.transfer.onDigests(to, state.digests(ticket, first));
    else this.transfer.onPages(to, new StatePages({ seq, ticket, pieces: state.pieces(pieces) }));
  }

  /** Answers whatever is asked, until nothing is. */
  answerAll(state: ModelState = this.newest): number {
    let answered = 0;
    for (let asked = this.asked(); asked.length > 0; asked = this.asked()) {
      for (const each of asked) this.answer(each, state);
      answered += asked.length;
    }
    return answered;
  }

  decline({ to, request }: Asked): void {
    const { seq, ticket, first } = request;
    const nothing = { digests: [], path: [], shape: new Uint8Array(0) };
    this.transfer.onDigests(to, new StateDigests({ seq, ticket, first, ...nothing }));
  }

  ticks(count: number): void {
    for (let i = 0; i < count; i += 1) this.transfer.tick();
  }

  expectInstalled(state: ModelState): void {
    expect(this.transfer.progress).toBeNull();
    expect(this.installed.map(({ seq }) => seq)).toEqual([state.seq]);
    const differing = state.pages.filter(
      (bytes, index) => this.installed[0]?.pages[index] !== digestOf(bytes),
    );
    expect(differing).toHaveLength(0);
  }

  #onEffect(effect: Effect): void {
    if (effect.type === "report") {
      expect(effect.reason).toBe(Misbehaviour.WrongState);
      this.#accused.push(effect.peer);
    } else if (effect.type === "send" && effect.message instanceof FetchState) {
      this.#asked.push({ to: effect.to, request: effect.message });
    }
  }
}

const small = new ModelState(digestOf, 8, pagesOf(6, 100));
const large = new ModelState(digestOf, 8, pagesOf(2 * DIGESTS_MAX + 10, 2_000));

test.each([
  ["small", small],
  ["large", large],
])("a %s state is fetched and installed once, as a whole", (_name, state) => {
  const stage = new Stage(state);
  stage.transfer.start();
  expect(stage.transfer.progress).toEqual({ seq: 8, pagesDone: 0, pages: 0 });
  stage.answerAll();
  stage.expectInstalled(state);
  expect(stage.transfer.progress).toBeNull();
});

test("what we have is not fetched; if we have all of it, digests are enough", () => {
  const stage = new Stage(small);
  stage.own = small;
  stage.transfer.start();
  expect(stage.answerAll()).toBeLessThanOrEqual(3);
  stage.expectInstalled(small);
});

test("nothing is fetched that is not ahead of us, and the transfer ends when logs were quicker", () => {
  const stage = new Stage(small);
  stage.executed = 8;
  stage.transfer.start();
  expect(stage.transfer.active).toBe(false);
  stage.executed = 3;
  stage.transfer.start();
  expect(stage.transfer.active).toBe(true);
  stage.executed = 8;
  stage.ticks(1);
  expect(stage.transfer.active).toBe(false);
  expect(stage.installed).toEqual([]);
});

test("work is shared by several sources, and what one does not send is asked of another", () => {
  const stage = new Stage(large);
  stage.transfer.start();
  const sources = new Set<number>();
  let silent = 0;
  for (let round = 0; round < 400 && stage.transfer.active; round += 1) {
    for (const asked of stage.asked()) {
      sources.add(asked.to);
      if (asked.to === 2 && asked.request.pieces.length > 0) silent += 1;
      else stage.answer(asked);
    }
    stage.transfer.renew();
    if (round % 4 === 3) stage.ticks(1);
  }
  expect([...sources].sort()).toEqual([1, 2, 3]);
  expect(silent).toBeGreaterThan(1);
  stage.expectInstalled(large);
});

test("a late answer is as good as any other, and one that nobody asked for is none", () => {
  const stage = new Stage(small, 2);
  stage.transfer.start();
  const [first] = stage.asked() as [Asked];
  stage.transfer.onDigests(1, small.digests(first.request.ticket + 1));
  stage.transfer.onDigests(3, small.digests(first.request.ticket));
  expect(stage.asked()).toEqual([]);
  stage.ticks(6);
  stage.answer(first);
  stage.answerAll();
  stage.expectInstalled(small);
});

test("a liar is named, and not asked again while there is anybody else", () => {
  const stage = new Stage(small);
  stage.transfer.start();
  const asked = stage.asked();
  const [liar] = asked as [Asked];
  const digests = small.leaves.with(3, "x".repeat(32));
  stage.transfer.onDigests(liar.to, new StateDigests({ ...small.digests(liar.request.ticket), digests }));
  expect(stage.accused()).toEqual([liar.to]);
  for (const other of asked.slice(1)) stage.answer(other);
  const next = stage.asked();
  expect(next.map(({ to }) => to)).not.toContain(liar.to);
  const [pages] = next as [Asked];
  const { seq, ticket } = pages.request;
  stage.transfer.onPages(pages.to, new StatePages({ seq, ticket, pieces: [] }));
  expect(stage.accused()).toEqual([pages.to]);
  expect(stage.installed).toEqual([]);
  stage.transfer.renew();
  stage.ticks(1);
  stage.answerAll();
  stage.expectInstalled(small);
});

test("if nobody has the state, a newer one is aimed at, and what has come serves for that", () => {
  const stage = new Stage(large, 3);
  stage.transfer.start();
  for (const asked of stage.asked()) stage.answer(asked);
  for (let round = 0; round < 2; round += 1) for (const asked of stage.asked()) stage.answer(asked);
  const done = stage.transfer.progress?.pagesDone ?? 0;
  expect(done).toBeGreaterThan(500);
  const next = new ModelState(digestOf, 16, large.pages.slice(2).with(5, new Uint8Array(9)));
  stage.newest = next;
  for (const asked of stage.asked()) stage.decline(asked);
  expect(stage.transfer.progress?.seq).toBe(16);
  let pieces = 0;
  for (let asked = stage.asked(); asked.length > 0; asked = stage.asked()) {
    for (const each of asked) {
      pieces += each.request.pieces.length;
      stage.answer(each);
    }
  }
  expect(pieces).toBeLessThan(large.pages.length - done + 50);
  stage.expectInstalled(next);
});

test("as long as somebody has it, and sends of it, no newer one is aimed at", () => {
  const stage = new Stage(large, 3);
  stage.transfer.start();
  for (const asked of stage.asked()) stage.answer(asked);
  stage.newest = new ModelState(digestOf, 16, pagesOf(3, 5));
  for (let round = 0; round < 6; round += 1) {
    const asked = stage.asked();
    stage.ticks(3);
    for (const each of asked.slice(0, 1)) stage.answer(each, large);
    expect(stage.transfer.progress?.seq).toBe(8);
  }
  stage.ticks(300); // Silence.
  expect(stage.transfer.progress?.seq).toBe(16);
});

test("the timer runs while something is fetched, and only then", () => {
  const stage = new Stage(small, 2);
  const effects: Effect[] = [];
  const port = new Port({ push: (effect) => void effects.push(effect) }, ROOT);
  const options = { self: 0, n: 2, port, hash: digestOf, timer: TIMER, delay: 7, own: () => null };
  let executed = 0;
  const transfer = new StateTransfer({
    ...options,
    executed: () => executed,
    newest: () => stage.newest.anchor,
    install: ({ seq }) => {
      executed = seq;
    },
  });
  transfer.start();
  const timers = (): Effect[] => effects.splice(0).filter(({ type }) => type.endsWith("timer"));
  expect(timers()).toEqual([{ type: "set-timer", instance: ROOT, timer: TIMER, delay: 7 }]);
  transfer.tick();
  expect(timers()).toHaveLength(1);
  transfer.onDigests(1, small.digests(1));
  transfer.onPages(1, new StatePages({ seq: 8, ticket: 2, pieces: small.pages.slice(2) }));
  expect(timers()).toEqual([{ type: "cancel-timer", instance: ROOT, timer: TIMER }]);
  expect(executed).toBe(8);
});
