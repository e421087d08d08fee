import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeJson } from "./canonical-json.ts";
import { UndoTree } from "./draft.ts";

fc.configureGlobal({ seed: 1 });

// biome-ignore lint/suspicious/noExplicitAny: a draft is whatever the author of a service says that it is.
type Free = any;

/** What a command may do at some place of the state, on plain objects and on drafts alike. */
const mutations: Record<string, (place: Free, a: number, b: number) => unknown> = {
  set: (o, a, b) => {
    o.table[`k${a % 4}`] = { n: b, list: [b] };
  },
  count: (o, a, b) => {
    o.table[`k${a % 4}`] ??= { n: 0, list: [] };
    o.table[`k${a % 4}`].n += b;
  },
  remove: (o, a) => delete o.table[`k${a % 4}`],
  assign: (o, a, b) => Object.assign(o.table, { [`k${a % 4}`]: { n: b, list: [] }, x: { n: 1, list: [] } }),
  push: (o, a, b) => o.list.push({ n: a }, { n: b }),
  pop: (o) => o.list.pop()?.n,
  shift: (o) => o.list.shift()?.n,
  unshift: (o, a, b) => o.list.unshift({ n: a }, { n: b }),
  splice: (o, a, b) => o.list.splice(a % 5, b % 3, { n: a + b }).map((item: Free) => item.n),
  spliceAll: (o, a) => o.list.splice(a % 5).length,
  spliceNone: (o) => o.list.splice().length,
  sort: (o) => o.list.sort((x: Free, y: Free) => x.n - y.n).length,
  reverse: (o) => o.list.reverse().length,
  index: (o, a, b) => {
    o.list[Math.min(a % 5, o.list.length)] = { n: b };
  },
  shorten: (o, a) => {
    o.list.length = Math.min(o.list.length, a % 5);
  },
  filter: (o, a) => {
    o.list = o.list.filter((item: Free) => item.n % 3 !== a % 3);
  },
  map: (o, a) => {
    o.list = o.list.map((item: Free) => ({ ...item, n: item.n + a }));
  },
  moved: (o, a, b) => {
    // A command keeps its grip on an item that the list moves.
    const item = o.list[0];
    o.list.sort((x: Free, y: Free) => y.n - x.n);
    if (item !== undefined) item.n = a - b;
  },
  fill: (o, a, b) => o.numbers.fill(a, b % 3).length,
  numbers: (o, a) => o.numbers.push(a),
  sortText: (o) => o.numbers.sort().join(),
  read: (o) => [Object.keys(o), o.list.length, [...o.numbers], "list" in o, JSON.parse(JSON.stringify(o))],
  for: (o) => {
    let sum = 0;
    for (const item of o.list) sum += item.n;
    return [
      sum,
      o.list.find((item: Free) => item.n > 3)?.n,
      o.list.indexOf(o.list[1]),
      o.numbers.includes(2),
    ];
  },
};

const names = Object.keys(mutations);
const step = fc.tuple(fc.constantFrom(...names), fc.nat(9), fc.nat(9));
const steps = fc.array(step, { maxLength: 25 });
const fresh = (): Free => ({ list: [{ n: 1 }, { n: 5 }], numbers: [3, 1, 2], table: {} });

const play = (state: Free, list: readonly [string, number, number][]): unknown[] =>
  list.map(([name, a, b]) => plain(mutations[name]?.(state, a, b)));
const plain = (value: unknown): unknown => (value === undefined ? null : JSON.parse(JSON.stringify(value)));

test("a command does to a draft what it does to the data itself", () => {
  fc.assert(
    fc.property(steps, (list) => {
      const twin = fresh();
      const tree = new UndoTree(fresh());
      const results = tree.change(() => play(tree.draft, list));
      const expected = play(twin, list);
      expect(encodeJson(tree.root)).toEqual(encodeJson(twin));
      expect(encodeJson(results)).toEqual(encodeJson(expected));
    }),
    { numRuns: 1000 },
  );
});

test("a command that throws changes nothing, whatever it did before", () => {
  fc.assert(
    fc.property(steps, steps, steps, (before, failing, after) => {
      const tree = new UndoTree(fresh());
      const twin = new UndoTree(fresh());
      for (const each of [tree, twin]) each.change(() => play(each.draft, before));
      const kept = encodeJson(tree.root);
      const attempt = (): void =>
        tree.change(() => {
          play(tree.draft, failing);
          throw new RangeError("no");
        });
      expect(attempt).toThrow(new RangeError("no"));
      expect(encodeJson(tree.root)).toEqual(kept);
      // What it left must also behave alike.
      const results = tree.change(() => play(tree.draft, after));
      expect(results).toEqual(twin.change(() => play(twin.draft, after)));
      expect(encodeJson(tree.root)).toEqual(encodeJson(twin.root));
    }),
    { numRuns: 500 },
  );
});

const change = (root: Free, run: (state: Free) => unknown): string => {
  const tree = new UndoTree(root);
  tree.change(() => run(tree.draft));
  return JSON.stringify(tree.root);
};

test("assigning copies: nothing is in two places, nor in the caller's hands", () => {
  const mine = { n: 1 };
  const root = { a: { n: 0 } };
  const result = change(root, (state) => {
    state.a.n = 7;
    state.b = state.a;
    state.b.n = 8;
    state.c = mine;
    mine.n = 9;
    state.d = [state.a, state.a];
    state.d[0].n = 5;
  });
  expect(JSON.parse(result)).toEqual({ a: { n: 7 }, b: { n: 8 }, c: { n: 1 }, d: [{ n: 5 }, { n: 7 }] });
  expect(root).toEqual({ a: { n: 0 } });
});

test("a place within itself is a copy too, and cannot grow without end", () => {
  const grow = (state: Free): void => {
    let place = state;
    for (let level = 0; level < 100; level += 1) {
      place.next = {};
      place = place.next;
    }
  };
  expect(() => change({}, grow)).toThrow("levels");
  const tree = new UndoTree({ a: {} });
  const nest = (): void =>
    tree.change(() => {
      const state = tree.draft as Free;
      state.a = { inner: state.a };
    });
  for (let level = 2; level < 64; level += 1) nest();
  expect(nest).toThrow("levels");
  expect(new UndoTree(tree.root).root).toEqual(tree.root);
});

test("keys are listed in the same order however they came in", () => {
  const keys = (order: string[]): unknown => {
    const tree = new UndoTree({});
    return tree.change(() => {
      const state = tree.draft as Free;
      for (const key of order) state[key] = 1;
      const walked = [];
      for (const key in state) walked.push(key);
      return [Object.keys(state), Object.entries(state), walked, Reflect.ownKeys(state), { ...state }];
    });
  };
  expect(JSON.stringify(keys(["b", "a", "10", "9"]))).toBe(JSON.stringify(keys(["9", "10", "a", "b"])));
});

test("objects have no inherited members, and none can be smuggled in", () => {
  const tree = new UndoTree({ accounts: {} });
  const { accounts } = tree.draft as Free;
  expect(accounts.constructor).toBeUndefined();
  expect(accounts.toString).toBeUndefined();
  expect("hasOwnProperty" in accounts).toBe(false);
  expect(Reflect.get(accounts, "__proto__")).toBeUndefined();
  expect(() => change({}, (state) => Reflect.set(state, "__proto__", { admin: true }))).toThrow(TypeError);
  expect(change({}, (state) => Reflect.set(state, "constructor", 1))).toBe('{"constructor":1}');
});

test.each<[string, (state: Free) => unknown]>([
  ["NaN", (state) => Reflect.set(state, "n", Number.NaN)],
  ["undefined", (state) => Reflect.set(state, "n", undefined)],
  ["a function", (state) => Reflect.set(state, "n", () => 1)],
  ["a date inside", (state) => state.list.push({ at: new Date(0) })],
  ["a symbol as a key", (state) => Reflect.set(state, Symbol("s"), 1)],
  ["a hole", (state) => Reflect.set(state.list, 5, 1)],
  ["a hole by deletion", (state) => Reflect.deleteProperty(state.list, 0)],
  ["a longer list of holes", (state) => Reflect.set(state.list, "length", 5)],
  ["a length that is none", (state) => Reflect.set(state.list, "length", Number.NaN)],
  ["a name on a list", (state) => Reflect.set(state.list, "name", 1)],
  ["an object in many places", (state) => state.list.fill({})],
  ["items in two places", (state) => state.list.copyWithin(0, 1)],
  ["a getter", (state) => Object.defineProperty(state, "n", { get: () => 1 })],
  ["a prototype", (state) => Object.setPrototypeOf(state, {})],
  ["a frozen list", (state) => Object.freeze(state.list)],
])("refuses %s", (_name, run) => {
  expect(() => change({ n: 1, list: [1, 2] }, run)).toThrow(TypeError);
});

test("whoever only reads cannot change anything", () => {
  const tree = new UndoTree({ n: 1, list: [1], inner: {} });
  const state = tree.draft as Free;
  const attempts = [
    () => Reflect.set(state, "n", 2),
    () => Reflect.deleteProperty(state, "n"),
    () => Reflect.set(state.inner, "x", 1),
    () => Reflect.set(state.list, 0, 2),
    () => Reflect.set(state.list, "length", 0),
    () => state.list.push(1),
    () => state.list.sort(),
  ];
  for (const attempt of attempts) expect(() => tree.read(attempt)).toThrow("a query does not change");
  expect(tree.root).toEqual({ n: 1, list: [1], inner: {} });
  tree.change(() => Reflect.set(state, "n", 2));
  expect(tree.root).toEqual({ n: 2, list: [1], inner: {} });
});
