import { readSync } from "node:fs";
import { freeSpans, type PageClaims } from "./page-claims.ts";
import {
  BIG_DATA,
  checkNodes,
  HEADER_BYTES,
  inSortingOrder,
  type Node,
  nodesOf,
  type PageHead,
  PageKind,
  pageHead,
} from "./tree-page.ts";

const DEPTH_MAX = 32;

/** What LMDB's header says of one of its trees. */
export interface TreeHeader {
  /** Null if the tree is empty. */
  readonly rootPage: number | null;
  readonly depth: number;
  readonly branchPages: number;
  readonly leafPages: number;
  readonly overflowPages: number;
  readonly entries: number;
  /** Whether it is the list of free pages, by number of transaction; else it holds records, by the bytes of their keys. */
  readonly isFreeList: boolean;
}

/** The file that a tree lies in. */
export interface TreeFile {
  readonly fd: number;
  readonly pageBytes: number;
  readonly lastPage: number;
  /** The newest. */
  readonly transaction: bigint;
  /** Shared by all trees of the file. */
  readonly claims: PageClaims;
  /** Throws what the operator is told. */
  readonly refuse: (what: string) => never;
}

/** What a page inherits from those above it: keys from the first, if there is one, to before the second; how young it may be. */
interface Bounds {
  readonly from: Buffer | null;
  readonly to: Buffer | null;
  readonly transaction: bigint;
}

/**
 * Walks one of LMDB's trees in the file itself. LMDB trusts its pages: a number in one of them that is not what was written
 * makes it read beyond the file, which kills the process, miss records that are there, find old ones in their place, or
 * write over pages that are in use.
 */
export class TreeCheck {
  readonly #file: TreeFile;
  readonly #header: TreeHeader;
  #branchPages = 0;
  #leafPages = 0;
  #overflowPages = 0;
  #entries = 0;

  private constructor(file: TreeFile, header: TreeHeader) {
    this.#file = file;
    this.#header = header;
  }

  /** Throws what `refuse` throws unless the tree is what its header says, on pages that nothing else uses. */
  static run(file: TreeFile, header: TreeHeader): void {
    const check = new TreeCheck(file, header);
    const bounds = { from: null, to: null, transaction: file.transaction };
    if (header.rootPage !== null) check.#walk(header.rootPage, 1, bounds);
    check.#compare();
  }

  #compare(): void {
    const { branchPages, leafPages, overflowPages, entries } = this.#header;
    const found = [this.#branchPages, this.#leafPages, this.#overflowPages, this.#entries];
    const said = [branchPages, leafPages, overflowPages, entries];
    if (found.join() !== said.join())
      this.#file.refuse(`its tree has ${found} parts, and should have ${said}`);
  }

  #walk(number: number, depth: number, bounds: Bounds): void {
    if (depth > DEPTH_MAX) this.#damaged(number);
    this.#claim(number, 1);
    const page = this.#read(number, this.#file.pageBytes);
    const isLeaf = depth === this.#header.depth;
    const { transaction } = this.#head(page, number, {
      kind: isLeaf ? PageKind.Leaf : PageKind.Branch,
      youngest: bounds.transaction,
    });
    const nodes = nodesOf(page, isLeaf);
    if (nodes === null || !checkNodes(page, nodes)) return this.#damaged(number);
    // The first key of a branch is not looked at, by LMDB neither.
    this.#checkOrder(number, isLeaf ? nodes : nodes.slice(1), bounds);
    if (isLeaf) this.#readLeaf(number, nodes, transaction);
    else this.#descend(nodes, depth, { ...bounds, transaction });
  }

  #readLeaf(number: number, nodes: readonly Node[], youngest: bigint): void {
    this.#leafPages += 1;
    this.#entries += nodes.length;
    for (const node of nodes) {
      const isBig = (node.flags & BIG_DATA) !== 0;
      const first = isBig ? this.#checkBigData(number, node, youngest) : null;
      if (!this.#header.isFreeList) continue;
      this.#checkFreed(number, node);
      this.#claimFree(number, first === null ? node.value : this.#bytesAt(first, node.target));
    }
  }

  #descend(nodes: readonly Node[], depth: number, bounds: Bounds): void {
    this.#branchPages += 1;
    for (const [at, { key, target }] of nodes.entries()) {
      const from = at === 0 ? bounds.from : key;
      this.#walk(target, depth + 1, { ...bounds, from, to: nodes[at + 1]?.key ?? bounds.to });
    }
  }

  /** Pages that no transaction yet to come has freed: LMDB would look for them in vain. */
  #checkFreed(number: number, { key }: Node): void {
    const isNumber = key.length === 8;
    if (!isNumber || key.readBigUInt64LE(0) > this.#file.transaction) this.#damaged(number);
  }

  #claimFree(number: number, record: Buffer): void {
    for (const span of freeSpans(record)) {
      if (span === null) return this.#damaged(number);
      this.#claim(span.first, span.count);
    }
  }

  #checkOrder(number: number, nodes: readonly Node[], bounds: Bounds): void {
    const { isFreeList } = this.#header;
    const sorting = (key: Buffer | null): Buffer | null =>
      key === null ? null : inSortingOrder(key, isFreeList);
    const to = sorting(bounds.to);
    let last = sorting(bounds.from);
    for (const [at, node] of nodes.entries()) {
      const key = inSortingOrder(node.key, isFreeList);
      const order = last === null ? -1 : Buffer.compare(last, key);
      if (order > 0 || (order === 0 && at > 0)) this.#damaged(number);
      last = key;
    }
    if (last !== null && to !== null && Buffer.compare(last, to) >= 0) this.#damaged(number);
  }

  /**
   * A value on pages of its own: as many as it needs at least, for LMDB leaves one on those of a longer one that it replaces
   * within a transaction; written when its reference was. Returns the first.
   */
  #checkBigData(number: number, { target, value }: Node, youngest: bigint): number {
    const first = Number(value.readBigUInt64LE(0));
    const written = value.readBigUInt64LE(8);
    const pages = Number(value.readBigUInt64LE(16));
    const needed = Math.floor((HEADER_BYTES - 1 + target) / this.#file.pageBytes) + 1;
    if (pages < needed || written > youngest) this.#damaged(number);
    this.#claim(first, pages);
    const head = this.#head(this.#read(first, HEADER_BYTES), first, { kind: PageKind.Overflow, youngest });
    if (head.overflowPages !== pages || head.transaction !== written) this.#damaged(first);
    this.#overflowPages += pages;
    return first;
  }

  #head(page: Buffer, number: number, expected: { kind: number; youngest: bigint }): PageHead {
    const head = pageHead(page);
    const { kind, youngest } = expected;
    const isSame = head.number === BigInt(number) && head.kind === kind;
    // LMDB takes a page that names a transaction yet to come for that transaction's own, and writes into it.
    if (!isSame || head.transaction > youngest) this.#damaged(number);
    return head;
  }

  #claim(first: number, count: number): void {
    if (!this.#file.claims.take(first, count)) {
      this.#file.refuse(`page ${first} is named where it cannot be, or named twice`);
    }
  }

  #read(number: number, bytes: number): Buffer {
    const page = Buffer.alloc(bytes);
    const { fd, pageBytes } = this.#file;
    if (readSync(fd, page, 0, bytes, number * pageBytes) !== bytes) this.#damaged(number);
    return page;
  }

  /** The value that begins on this page, after its head. */
  #bytesAt(first: number, bytes: number): Buffer {
    return this.#read(first, HEADER_BYTES + bytes).subarray(HEADER_BYTES);
  }

  #damaged(number: number): never {
    return this.#file.refuse(`page ${number} is not what was written`);
  }
}
