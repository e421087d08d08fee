/** What a page says that it is. */
export const PageKind = { Branch: 1, Leaf: 2, Overflow: 4 } as const;
/** What comes before the nodes of a page, or before a value on pages of its own, in bytes. */
export const HEADER_BYTES = 24;
/** Flag of a node whose value is on pages of its own. */
export const BIG_DATA = 1;

const TRANSACTION_OFFSET = 8;
const FLAGS_OFFSET = 18;
const LOWER_OFFSET = 20;
const UPPER_OFFSET = 22;
const OVERFLOW_PAGES_OFFSET = 20;
const NODE_BYTES = 8;
/** Page, transaction and page count of a value on pages of its own. */
const BIG_DATA_BYTES = 24;

/** What a page says of itself. */
export interface PageHead {
  readonly number: bigint;
  /** That wrote it. */
  readonly transaction: bigint;
  readonly kind: number;
  /** Of the first page of a value. */
  readonly overflowPages: number;
}

/** An entry of a page. */
export interface Node {
  readonly key: Buffer;
  readonly flags: number;
  /** Of a branch, the page below; of a leaf, the length of the value. */
  readonly target: number;
  readonly value: Buffer;
  /** Where it begins, after the header, and how many bytes it takes. */
  readonly offset: number;
  readonly bytes: number;
}

/** The head of a page. */
export function pageHead(page: Buffer): PageHead {
  return {
    number: page.readBigUInt64LE(0),
    transaction: page.readBigUInt64LE(TRANSACTION_OFFSET),
    kind: page.readUInt16LE(FLAGS_OFFSET),
    overflowPages: page.readUInt32LE(OVERFLOW_PAGES_OFFSET),
  };
}

/** The entries of a page; null if they do not lie within it. */
export function nodesOf(page: Buffer, isLeaf: boolean): Node[] | null {
  const lower = page.readUInt16LE(LOWER_OFFSET);
  const upper = page.readUInt16LE(UPPER_OFFSET);
  const room = page.length - HEADER_BYTES;
  if (lower % 2 !== 0 || lower > upper || upper > room || lower === 0) return null;
  const nodes: Node[] = [];
  for (let at = 0; at < lower; at += 2) {
    const offset = page.readUInt16LE(HEADER_BYTES + at);
    if (offset < upper || offset + NODE_BYTES > room) return null;
    const node = nodeAt(page.subarray(HEADER_BYTES + offset), offset, isLeaf);
    if (node === null) return null;
    nodes.push(node);
  }
  return nodes;
}

/** Whether the entries, one after the other, fill the page to its end: LMDB moves them by the lengths that they name. */
export function checkNodes(page: Buffer, nodes: readonly Node[]): boolean {
  let end = page.readUInt16LE(UPPER_OFFSET);
  for (const { offset, bytes } of [...nodes].sort((a, b) => a.offset - b.offset)) {
    if (offset !== end) return false;
    end += bytes + (bytes % 2);
  }
  return end === page.length - HEADER_BYTES;
}

/** Bytes that sort as LMDB sorts the key: as they are, or as a number, which it keeps with the low byte first. */
export function inSortingOrder(key: Buffer, isNumber: boolean): Buffer {
  return isNumber ? Buffer.from(key).reverse() : key;
}

function nodeAt(bytes: Buffer, offset: number, isLeaf: boolean): Node | null {
  const low = bytes.readUInt32LE(0);
  const flags = bytes.readUInt16LE(4);
  const end = NODE_BYTES + bytes.readUInt16LE(6);
  const key = bytes.subarray(NODE_BYTES, end);
  if (!isLeaf) {
    if (end > bytes.length) return null;
    return { key, flags, target: low + flags * 2 ** 32, value: Buffer.alloc(0), offset, bytes: end };
  }
  const isBig = (flags & BIG_DATA) !== 0;
  const valueEnd = end + (isBig ? BIG_DATA_BYTES : low);
  if ((flags & ~BIG_DATA) !== 0 || valueEnd > bytes.length) return null;
  return { key, flags, target: low, value: bytes.subarray(end, valueEnd), offset, bytes: valueEnd };
}
