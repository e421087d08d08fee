import fc from "fast-check";
import { expect, expectTypeOf, test } from "vitest";
import { LIMITS } from "../wire/limits.ts";
import { DecodeError } from "../wire/reader.ts";
import { defineService } from "./define-service.ts";
import { MalformedOperation, type Service } from "./service.ts";

fc.configureGlobal({ seed: 1 });

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const pagesOf = (service: Service): Uint8Array[] =>
  Array.from({ length: service.state.pageCount }, (_, index) => service.state.page(index).slice());

const counter = defineService({
  name: "counter",
  initial: () => ({ total: 0 }),
  commands: {
    add: (state, args: { by: number }) => {
      state.total += args.by;
      return state.total;
    },
    reset: (state) => {
      state.total = 0;
    },
    addThenFail: (state, args: { by: number }) => {
      state.total += args.by;
      throw new RangeError("too much");
    },
    addThenLie: (state, args: { by: number }) => {
      state.total += args.by;
      return () => state.total;
    },
    repeat: (state, args: { times: number }) => {
      state.total += 1;
      return "x".repeat(args.times);
    },
  },
  queries: {
    total: (state) => state.total,
    atLeast: (state, args?: { bound: number }) =>
      state.total >= (args?.bound ?? 0) ? state.total : undefined,
    cheat: (state) => {
      state.total += 1;
      return state.total;
    },
  },
});

test("a counter in a dozen lines", () => {
  const service = counter.create();
  expect(counter.decode("add", service.apply(counter.command("add", { by: 2 })))).toBe(2);
  expect(counter.decode("add", service.apply(counter.command("add", { by: 3 })))).toBe(5);
  expect(counter.decode("total", service.query(counter.query("total")))).toBe(5);
  expect(counter.decode("reset", service.apply(counter.command("reset")))).toBeNull();
  expect(counter.decode("atLeast", service.query(counter.query("atLeast", { bound: 1 })))).toBeNull();
  expect(counter.decode("atLeast", service.query(counter.query("atLeast")))).toBe(0);
  expect(counter.name).toBe("counter");
});

test("names, arguments and results are typed", () => {
  const service = counter.create();
  expectTypeOf(service).toEqualTypeOf<Service>();
  expectTypeOf(counter.decode("add", utf8("1"))).toEqualTypeOf<number>();
  expectTypeOf(counter.decode("total", utf8("1"))).toEqualTypeOf<number>();
  expectTypeOf(counter.decode("reset", utf8("null"))).toEqualTypeOf<null>();
  expectTypeOf(counter.decode("atLeast", utf8("null"))).toEqualTypeOf<number | null>();
  expectTypeOf(counter.command<"add">).parameters.toEqualTypeOf<["add", { by: number }]>();
  expectTypeOf(counter.command<"reset">).parameters.toEqualTypeOf<["reset"]>();
  expectTypeOf(counter.query<"atLeast">).parameters.toEqualTypeOf<
    ["atLeast", ({ bound: number } | undefined)?]
  >();
  const wrong = (): void => {
    // @ts-expect-error a query is not a command
    counter.command("total");
    // @ts-expect-error a command needs its arguments
    counter.command("add");
    // @ts-expect-error of their type
    counter.command("add", { by: "2" });
    // @ts-expect-error and no others
    counter.command("reset", { by: 2 });
    // @ts-expect-error nothing has this name
    counter.decode("subtract", utf8("1"));
  };
  expect(wrong).toBeTypeOf("function");
});

test("the bytes are JSON that anyone can write", () => {
  expect(text(counter.command("add", { by: 2 }))).toBe('["add",{"by":2}]');
  expect(text(counter.query("total"))).toBe('["total"]');
  const service = counter.create();
  expect(text(service.apply(utf8(' [ "add" , { "by" : 7 } ] ')))).toBe("7");
  expect(pagesOf(service).map(text)).toEqual(['{"total":7}']);
});

test.each([
  "",
  "{",
  "null",
  '"add"',
  "[]",
  "[1]",
  '["total"]',
  '["toString"]',
  '["__proto__"]',
  '["add",{"by":2},3]',
  '["add",{"by":2,"__proto__":1}]',
  '["add",{"by":1e999}]',
])("%s is a malformed command", (operation) => {
  const service = counter.create();
  expect(() => service.apply(utf8(operation))).toThrow(MalformedOperation);
});

test("a command is no query, and an operation has a limit", () => {
  const service = counter.create();
  expect(() => service.query(counter.command("add", { by: 2 }))).toThrow(MalformedOperation);
  expect(() => service.query(counter.query("cheat"))).toThrow("a query does not change the state");
  const spaces = utf8(`["add",{"by":2}]${" ".repeat(LIMITS.operationBytesMax)}`);
  expect(() => service.apply(spaces)).toThrow(MalformedOperation);
  expect(counter.decode("total", service.query(counter.query("total")))).toBe(0);
});

test("a command fails as a whole: thrown, with a result or a state that is not plain data, or with too much", () => {
  const service = counter.create();
  service.apply(counter.command("add", { by: 4 }));
  service.state.takeDirty();
  expect(() => service.apply(counter.command("addThenFail", { by: 3 }))).toThrow("too much");
  expect(() => service.apply(utf8('["addThenLie",{"by":3}]'))).toThrow(TypeError);
  // Nothing but the types, which bind honest clients only, keeps anyone from adding nothing.
  expect(() => service.apply(utf8('["add",{}]'))).toThrow(TypeError);
  expect(() => service.apply(utf8('["add"]'))).toThrow(TypeError);
  expect(() => service.apply(counter.command("repeat", { times: LIMITS.resultBytesMax }))).toThrow(
    RangeError,
  );
  expect(service.state.takeDirty()).toEqual([]);
  expect(pagesOf(service).map(text)).toEqual(['{"total":4}']);
  const longest = service.apply(counter.command("repeat", { times: LIMITS.resultBytesMax - 3 }));
  expect(longest).toHaveLength(LIMITS.resultBytesMax - 1);
});

test("every copy has a state of its own", () => {
  const shared = { total: 1 };
  const service = defineService({
    name: "shared",
    initial: () => shared,
    commands: { add: (state) => (state.total += 1) },
  });
  service.create().apply(service.command("add"));
  expect(text(service.create().apply(service.command("add")))).toBe("2");
});

const notes = defineService({
  name: "notes",
  initial: (): { notes: Record<string, string> } => ({ notes: {} }),
  commands: {
    write: (state, args: { key: string; length: number }) => {
      state.notes[args.key] = "n".repeat(args.length);
    },
    erase: (state, args: { key: string }) => {
      delete state.notes[args.key];
    },
  },
  queries: { keys: (state) => Object.keys(state.notes) },
});

type Step = { key: string; length: number };
const step = fc.record({
  key: fc.constantFrom("a", "b", "c", "7"),
  length: fc.constantFrom(0, 1, 40_000, 70_000),
});
const run = (service: Service, { key, length }: Step): void => {
  if (length === 0) service.apply(notes.command("erase", { key }));
  else service.apply(notes.command("write", { key, length }));
};

test("pages are a function of the state, whole but for the last, and load into the same state", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 8 }), fc.array(step, { maxLength: 3 }), (history, other) => {
      const service = notes.create();
      const last = new Map<string, Step>();
      for (const each of history) {
        run(service, each);
        last.set(each.key, each);
      }
      const pages = pagesOf(service);
      expect(pages.slice(0, -1).every((page) => page.length === 65_536)).toBe(true);
      const direct = notes.create();
      for (const each of [...last.values()].reverse()) run(direct, each);
      expect(
        pagesOf(direct).every((page, index) => Buffer.compare(page, pages[index] ?? utf8("")) === 0),
      ).toBe(true);
      const loaded = notes.create();
      for (const each of other) run(loaded, each);
      loaded.state.takeDirty();
      loaded.state.load(pages);
      expect(loaded.state.takeDirty()).toHaveLength(pages.length);
      expect(pagesOf(loaded).length).toBe(pages.length);
      const question = notes.query("keys");
      expect(loaded.query(question)).toEqual(service.query(question));
    }),
    { numRuns: 30 },
  );
});

test("dirty are exactly the pages whose bytes are not what they were", () => {
  fc.assert(
    fc.property(fc.array(fc.array(step, { maxLength: 3 }), { maxLength: 5 }), (rounds) => {
      const service = notes.create();
      let before: Uint8Array[] = [];
      for (const round of rounds) {
        for (const each of round) run(service, each);
        const now = pagesOf(service);
        const changed = [...now.keys()].filter(
          (index) => Buffer.compare(now[index]!, before[index] ?? utf8("")) !== 0,
        );
        expect(service.state.takeDirty()).toEqual(changed);
        before = now;
      }
    }),
    { numRuns: 30 },
  );
});

test("pages that are not a state's are refused, and the state stays", () => {
  const service = counter.create();
  service.apply(counter.command("add", { by: 4 }));
  const half = new Uint8Array(65_536).fill(0x20);
  half.set(utf8('{"total":1}'), 65_536 - 11);
  const bad = [
    [],
    [new Uint8Array(0)],
    [utf8('{"total":1}'), new Uint8Array(0)],
    [utf8('{"tot'), utf8('al":1}')],
    [utf8('{"total": 1}')],
    [utf8('{"total":1')],
    [utf8("1")],
    [half],
    [new Uint8Array(65_537)],
  ];
  for (const pages of bad) expect(() => service.state.load(pages)).toThrow(DecodeError);
  expect(pagesOf(service).map(text)).toEqual(['{"total":4}']);
  service.state.load([utf8('{"total":1}')]);
  expect(text(service.apply(counter.command("add", { by: 1 })))).toBe("2");
});

const tally = defineService({
  name: "tally",
  initial: () => new Map<string, bigint>(),
  commands: {
    vote: (state, args: { for: string; weight: number }) => {
      state.set(args.for, (state.get(args.for) ?? 0n) + BigInt(args.weight));
      if (state.size > 2) throw new RangeError("two parties only");
      if (args.weight === 13) state.set("unlucky", undefined as never);
    },
  },
  queries: { of: (state, args: { party: string }) => String(state.get(args.party) ?? 0n) },
  snapshot: (state) => {
    const entries = [...state].map(([party, votes]) => [party, votes.toString()] as const);
    return utf8(JSON.stringify(entries.sort(([a], [b]) => (a < b ? -1 : 1))));
  },
  restore: (bytes) => {
    const entries = JSON.parse(text(bytes)) as [string, string][];
    return new Map(entries.map(([party, votes]) => [party, BigInt(votes)]));
  },
});

test("a state of another kind brings its own snapshots", () => {
  const service = tally.create();
  const vote = (party: string, weight: number): Uint8Array =>
    service.apply(tally.command("vote", { for: party, weight }));
  vote("b", 2);
  vote("a", 3);
  vote("b", 2);
  const before = pagesOf(service);
  expect(before.map(text)).toEqual(['[["a","3"],["b","4"]]']);
  expect(() => vote("c", 1)).toThrow("two parties");
  expect(() => vote("a", 0.5)).toThrow(RangeError);
  expect(() => vote("a", 13), "a state without a snapshot").toThrow(TypeError);
  expect(pagesOf(service)).toEqual(before);
  const other = tally.create();
  other.state.load(before);
  expect(tally.decode("of", other.query(tally.query("of", { party: "b" })))).toBe("4");
  expect(() => other.state.load([utf8('[["b","4"],["a","3"]]')])).toThrow(DecodeError);
  expect(pagesOf(other)).toEqual(before);
});

test("a definition that contradicts itself is refused at once", () => {
  const initial = (): object => ({});
  const same = { x: () => 1 };
  expect(() => defineService({ name: "s", initial, commands: same, queries: same })).toThrow("a query");
  expect(() => defineService({ name: "s", initial, commands: {}, snapshot: () => utf8("") })).toThrow(
    "restore",
  );
  expect(() => defineService({ name: "s", initial: () => new Map(), commands: {} }).create()).toThrow(
    TypeError,
  );
});

test("arguments that are not plain data are the caller's mistake", () => {
  expect(() => counter.command("add", { by: Number.NaN })).toThrow(TypeError);
  expect(() => counter.decode("add", utf8("{"))).toThrow(DecodeError);
});
