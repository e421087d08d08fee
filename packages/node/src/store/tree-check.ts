import { readSync } from "node:fs";

/** What a page says that it is. */
const PageKind = { Branch: 1, Leaf: 2, Overflow: 4 } as const;
const HEADER_BYTES = 24;
const FLAGS_OFFSET = 18;
const LOWER_OFFSET = 20;
const UPPER_OFFSET = 22;
const OVERFLOW_PAGES_OFFSET = 20;
const NODE_BYTES = 8;
const BIG_DATA = 1;
/** Page, transaction and page count of a value on pages of its own. */
const BIG_DATA_BYTES = 24;
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
  /** Whether keys are in the order of their bytes; else their order is not looked at. */
  readonly ordered: boolean;
}

/** The file that a tree lies in. */
export interface TreeFile {
  readonly fd: number;
  readonly pageBytes: number;
  readonly lastPage: number;
  /** Throws what the operator is told. */
  readonly refuse: (what: string) => never;
}

interface Node {
  readonly key: Buffer;
  readonly flags: number;
  /** Of a branch, the page below; of a leaf, the length of the value. */
  readonly target: number;
  readonly value: Buffer;
}

/** Keys that a page may hold: from the first, if there is one, to before the second. */
interface Bounds {
  readonly from: Buffer | null;
  readonly to: Buffer | null;
}

/**
 * Walks one of LMDB's trees in the file itself. LMDB trusts its pages: a number in one of them that is not what was written
 * makes it read beyond the file, which kills the process, or miss records that are there.
 */
export class TreeCheck {
  readonly #file: TreeFile;
  readonly #ordered: boolean;
  readonly #header: TreeHeader;
  #branchPages = 0;
  #leafPages = 0;
  #overflowPages = 0;
  #entries = 0;

  private constructor(file: TreeFile, header: TreeHeader) {
    this.#file = file;
    this.#header = header;
    this.#ordered = header.ordered;
  }

  /** Throws what `refuse` throws unless the tree is what its header says. */
  static run(file: TreeFile, header: TreeHeader): void {
    const check = new TreeCheck(file, header);
    if (header.rootPage !== null) check.#walk(header.rootPage, 1, { from: null, to: null });
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
    const page = this.#read(number, depth);
    const isLeaf = depth === this.#header.depth;
    if (page.readUInt16LE(FLAGS_OFFSET) !== (isLeaf ? PageKind.Leaf : PageKind.Branch)) this.#damaged(number);
    const nodes = this.#nodes(page, number, isLeaf);
    // The first key of a branch is not looked at, by LMDB neither.
    this.#checkOrder(number, isLeaf ? nodes : nodes.slice(1), bounds);
    if (isLeaf) this.#countLeaf(number, nodes);
    else this.#descend(nodes, depth, bounds);
  }

  #countLeaf(number: number, nodes: readonly Node[]): void {
    this.#leafPages += 1;
    this.#entries += nodes.length;
    for (const node of nodes) if ((node.flags & BIG_DATA) !== 0) this.#checkBigData(number, node);
  }

  #descend(nodes: readonly Node[], depth: number, bounds: Bounds): void {
    this.#branchPages += 1;
    for (const [at, { key, target }] of nodes.entries()) {
      const from = at === 0 ? bounds.from : key;
      this.#walk(target, depth + 1, { from, to: nodes[at + 1]?.key ?? bounds.to });
    }
  }

  #read(number: number, depth: number): Buffer {
    const { fd, pageBytes, lastPage } = this.#file;
    const page = Buffer.alloc(pageBytes);
    const exists = number <= lastPage && readSync(fd, page, 0, pageBytes, number * pageBytes) === pageBytes;
    const pages = this.#branchPages + this.#leafPages;
    if (!exists || depth > DEPTH_MAX || pages > lastPage || Number(page.readBigUInt64LE(0)) !== number)
      this.#damaged(number);
    return page;
  }

  #nodes(page: Buffer, number: number, isLeaf: boolean): Node[] {
    const lower = page.readUInt16LE(LOWER_OFFSET);
    const upper = page.readUInt16LE(UPPER_OFFSET);
    const room = page.length - HEADER_BYTES;
    if (lower % 2 !== 0 || lower > upper || upper > room || lower === 0) this.#damaged(number);
    const nodes: Node[] = [];
    for (let at = 0; at < lower; at += 2) {
      const offset = page.readUInt16LE(HEADER_BYTES + at);
      if (offset < upper || offset + NODE_BYTES > room) this.#damaged(number);
      nodes.push(this.#node(page.subarray(HEADER_BYTES + offset), number, isLeaf));
    }
    return nodes;
  }

  #node(bytes: Buffer, number: number, isLeaf: boolean): Node {
    const low = bytes.readUInt32LE(0);
    const flags = bytes.readUInt16LE(4);
    const end = NODE_BYTES + bytes.readUInt16LE(6);
    const key = bytes.subarray(NODE_BYTES, end);
    if (!isLeaf) {
      if (end > bytes.length) this.#damaged(number);
      return { key, flags, target: low + flags * 2 ** 32, value: Buffer.alloc(0) };
    }
    const isBig = (flags & BIG_DATA) !== 0;
    const valueEnd = end + (isBig ? BIG_DATA_BYTES : low);
    if ((flags & ~BIG_DATA) !== 0 || valueEnd > bytes.length) this.#damaged(number);
    return { key, flags, target: low, value: bytes.subarray(end, valueEnd) };
  }

  #checkOrder(number: number, nodes: readonly Node[], { from, to }: Bounds): void {
    if (!this.#ordered) return;
    let last = from;
    for (const [at, { key }] of nodes.entries()) {
      const order = last === null ? -1 : Buffer.compare(last, key);
      if (order > 0 || (order === 0 && at > 0)) this.#damaged(number);
      last = key;
    }
    if (last !== null && to !== null && Buffer.compare(last, to) >= 0) this.#damaged(number);
  }

  /** A value on pages of its own: they lie in the file, and are as many as it needs. */
  #checkBigData(number: number, { target, value }: Node): void {
    const { fd, pageBytes, lastPage } = this.#file;
    const first = Number(value.readBigUInt64LE(0));
    const pages = Number(value.readBigUInt64LE(16));
    const needed = Math.floor((HEADER_BYTES - 1 + target) / pageBytes) + 1;
    if (pages !== needed || first + pages - 1 > lastPage) this.#damaged(number);
    const header = Buffer.alloc(HEADER_BYTES);
    readSync(fd, header, 0, HEADER_BYTES, first * pageBytes);
    const isSame = Number(header.readBigUInt64LE(0)) === first;
    const isOverflow = header.readUInt16LE(FLAGS_OFFSET) === PageKind.Overflow;
    if (!isSame || !isOverflow || header.readUInt32LE(OVERFLOW_PAGES_OFFSET) !== pages) this.#damaged(first);
    this.#overflowPages += pages;
  }

  #damaged(number: number): never {
    return this.#file.refuse(`page ${number} is not what was written`);
  }
}
