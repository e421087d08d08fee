import { checkKey, type Json, ownedCopy } from "./canonical-json.ts";
import { editOf, type Place } from "./draft-list.ts";

type Container = Record<string, Json> | Json[];

/** What all drafts of one tree share. */
interface Tree {
  /** How to take back each change since the last `change`, oldest first. */
  readonly undo: (() => void)[];
  /** The one draft of every container that was looked at. */
  readonly drafts: WeakMap<object, object>;
  writable: boolean;
}

/** What lies behind every draft. */
const BEHIND = new WeakMap<object, object>();

/**
 * A tree of plain data that can take changes back. Whoever changes it does so through `draft`, which looks like the tree
 * itself but for four differences, so that equal trees behave alike however they came about: assigning copies, so that
 * nothing is in two places; what is not plain data is refused with a TypeError; objects have no inherited members; keys
 * are listed in sorted order. A change costs what it touches, whatever the size of the tree.
 */
export class UndoTree {
  readonly root: Container;
  readonly draft: object;
  readonly #tree: Tree = { undo: [], drafts: new WeakMap(), writable: true };

  /** Throws a TypeError unless this is a list or an object of plain data, which is copied. */
  constructor(root: unknown) {
    const copy = ownedCopy(root, 0);
    if (typeof copy !== "object" || copy === null) throw new TypeError("a state is an object or a list");
    this.root = copy as Container;
    this.draft = draftOf(this.root, this.#tree, 0);
  }

  /** Runs what may change the tree. If it throws, all that it changed is taken back. */
  change<Result>(run: () => Result): Result {
    const { undo } = this.#tree;
    try {
      const result = run();
      undo.length = 0;
      return result;
    } catch (error) {
      for (let step = undo.pop(); step !== undefined; step = undo.pop()) step();
      throw error;
    }
  }

  /** Runs what may only read: a change is refused with a TypeError. */
  read<Result>(run: () => Result): Result {
    this.#tree.writable = false;
    try {
      return run();
    } finally {
      this.#tree.writable = true;
    }
  }
}

/** A container's place in its tree. */
class Node implements Place {
  readonly #tree: Tree;
  readonly #depth: number;

  constructor(tree: Tree, depth: number) {
    this.#tree = tree;
    this.#depth = depth;
  }

  record(undo: () => void): void {
    this.#tree.undo.push(undo);
  }

  checkWritable(): void {
    if (!this.#tree.writable) throw new TypeError("a query does not change the state");
  }

  own(value: unknown): Json {
    return ownedCopy(value, this.#depth + 1, (object) => BEHIND.get(object) ?? object);
  }

  show(value: Json | undefined): unknown {
    if (typeof value !== "object" || value === null) return value;
    return draftOf(value as Container, this.#tree, this.#depth + 1);
  }
}

function draftOf(container: Container, tree: Tree, depth: number): object {
  const known = tree.drafts.get(container);
  if (known !== undefined) return known;
  const node = new Node(tree, depth);
  const draft = Array.isArray(container)
    ? new Proxy(container, new ListDraft(node))
    : new Proxy(container, new ObjectDraft(node));
  tree.drafts.set(container, draft);
  BEHIND.set(draft, container);
  return draft;
}

class ObjectDraft implements ProxyHandler<Record<string, Json>> {
  readonly #node: Node;
  readonly defineProperty: () => never = refuse;
  readonly preventExtensions: () => never = refuse;
  readonly setPrototypeOf: () => never = refuse;

  constructor(node: Node) {
    this.#node = node;
  }

  get(target: Record<string, Json>, key: string | symbol): unknown {
    if (typeof key !== "string" || !Object.hasOwn(target, key)) return undefined;
    return this.#node.show(target[key]);
  }

  has(target: Record<string, Json>, key: string | symbol): boolean {
    return Object.hasOwn(target, key);
  }

  ownKeys(target: Record<string, Json>): string[] {
    return Object.keys(target).sort();
  }

  getOwnPropertyDescriptor(
    target: Record<string, Json>,
    key: string | symbol,
  ): PropertyDescriptor | undefined {
    if (!Object.hasOwn(target, key)) return undefined;
    return { value: this.get(target, key), writable: true, enumerable: true, configurable: true };
  }

  set(target: Record<string, Json>, key: string | symbol, value: unknown): boolean {
    this.#node.checkWritable();
    if (typeof key !== "string") throw new TypeError("a symbol as a key is not plain data");
    const next = this.#node.own(value);
    const old = Object.hasOwn(target, checkKey(key)) ? target[key] : undefined;
    target[key] = next;
    this.#node.record(() => restore(target, key, old));
    return true;
  }

  deleteProperty(target: Record<string, Json>, key: string | symbol): boolean {
    this.#node.checkWritable();
    if (typeof key !== "string" || !Object.hasOwn(target, key)) return true;
    const old = target[key];
    delete target[key];
    this.#node.record(() => restore(target, key, old));
    return true;
  }
}

function restore(target: Record<string, Json>, key: string, old: Json | undefined): void {
  if (old === undefined) delete target[key];
  else target[key] = old;
}

class ListDraft implements ProxyHandler<Json[]> {
  readonly #node: Node;
  readonly defineProperty: () => never = refuse;
  readonly preventExtensions: () => never = refuse;
  readonly setPrototypeOf: () => never = refuse;

  constructor(node: Node) {
    this.#node = node;
  }

  get(target: Json[], key: string | symbol): unknown {
    const edit = editOf(key);
    if (edit === undefined) return this.#node.show(Reflect.get(target, key) as Json | undefined);
    const node = this.#node;
    return (...args: unknown[]) => {
      node.checkWritable();
      return edit(target, node, args);
    };
  }

  getOwnPropertyDescriptor(target: Json[], key: string | symbol): PropertyDescriptor | undefined {
    const descriptor = Reflect.getOwnPropertyDescriptor(target, key);
    return descriptor && { ...descriptor, value: this.get(target, key) };
  }

  set(target: Json[], key: string | symbol, value: unknown): boolean {
    this.#node.checkWritable();
    if (key === "length") return this.#shorten(target, value);
    const index = Number(key);
    if (String(index) !== key || !Number.isInteger(index) || index < 0 || index > target.length) {
      throw new TypeError("a list has values at 0 to its length, without holes");
    }
    const next = this.#node.own(value);
    const old = target[index];
    target[index] = next;
    this.#node.record(() => {
      if (old === undefined) target.pop();
      else target[index] = old;
    });
    return true;
  }

  deleteProperty(): never {
    throw new TypeError("a list has no holes: use splice");
  }

  #shorten(target: Json[], length: unknown): boolean {
    if (typeof length !== "number" || !(length <= target.length)) throw new TypeError("a list has no holes");
    const removed = target.slice(length);
    target.length = length;
    this.#node.record(() => {
      for (const item of removed) target.push(item);
    });
    return true;
  }
}

function refuse(): never {
  throw new TypeError("plain data has no such operation");
}
