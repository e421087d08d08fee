import { checkScalar, type Json } from "./canonical-json.ts";

/** Where a list stands in a tree under change. */
export interface Place {
  /** Notes how to take back a change. */
  record(undo: () => void): void;
  /** A command's value as the tree keeps it: checked and copied. */
  own(value: unknown): Json;
  /** A value of the tree as a command sees it. */
  show(value: Json | undefined): unknown;
}

type Edit = (list: Json[], place: Place, args: readonly unknown[]) => unknown;

/**
 * What changes a list in place. As single assignments these would copy every item that they move, and a command that
 * holds an item would hold a stray; so they move the items themselves.
 */
const EDITS: ReadonlyMap<string | symbol, Edit> = new Map<string | symbol, Edit>([
  ["push", push],
  ["pop", pop],
  ["shift", (list, place) => place.show(saved(list, place).shift())],
  ["unshift", unshift],
  ["splice", splice],
  ["sort", sort],
  ["reverse", (list, place) => place.show(saved(list, place).reverse())],
  ["fill", fill],
  ["copyWithin", copyWithin],
]);

/** The method of this name, if it changes its list. */
export function editOf(key: string | symbol): Edit | undefined {
  return EDITS.get(key);
}

/** The list, after noting how it is now. */
function saved(list: Json[], place: Place): Json[] {
  const before = list.slice();
  place.record(() => {
    list.length = 0;
    for (const item of before) list.push(item);
  });
  return list;
}

function push(list: Json[], place: Place, items: readonly unknown[]): number {
  for (const item of items) {
    list.push(place.own(item));
    place.record(() => list.pop());
  }
  return list.length;
}

function pop(list: Json[], place: Place): unknown {
  const item = list.pop();
  if (item !== undefined) place.record(() => list.push(item));
  return place.show(item);
}

function unshift(list: Json[], place: Place, items: readonly unknown[]): number {
  const owned = items.map((item) => place.own(item));
  return saved(list, place).unshift(...owned);
}

function splice(list: Json[], place: Place, args: readonly unknown[]): unknown[] {
  // Without a count, or without anything, it means something else: the arguments stay as many as they are.
  const owned = args.map((arg, index) => (index < 2 ? arg : place.own(arg)));
  const removed: Json[] = Reflect.apply(saved(list, place).splice, list, owned);
  return removed.map((item) => place.show(item));
}

function sort(list: Json[], place: Place, [compare]: readonly unknown[]): unknown {
  if (typeof compare !== "function") return place.show(saved(list, place).sort());
  return place.show(saved(list, place).sort((a, b) => compare(place.show(a), place.show(b)) as number));
}

function fill(list: Json[], place: Place, [value, ...range]: readonly unknown[]): unknown {
  // A scalar only: one object would be in many places.
  return place.show(saved(list, place).fill(checkScalar(value), ...(range as number[])));
}

function copyWithin(): never {
  throw new TypeError("copyWithin would put one thing in two places");
}
