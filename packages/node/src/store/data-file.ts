import { closeSync, existsSync, fdatasync, fstatSync, openSync, readSync, write } from "node:fs";
import { promisify } from "node:util";
import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import { PageClaims } from "./page-claims.ts";
import { TreeCheck, type TreeHeader } from "./tree-check.ts";
import { pageHead } from "./tree-page.ts";

/**
 * LMDB's file starts with two copies of its header; commits alternate between them. Offsets of lmdb 3.5's
 * layout.
 */
const MAGIC = 0xbeef_c0de;
const VERSION = 2;
const MAGIC_OFFSET = 24;
const VERSION_OFFSET = 28;
const ADDRESS_OFFSET = 32;
const META_PAGE = 8;
const PAGE_BYTES_OFFSET = 48;
/** Of each of LMDB's two trees, that of free pages and that of records. */
const TREE_OFFSETS = { free: 48, main: 96 } as const;
const TREE_FLAGS_OFFSET = 4;
const TREE_DEPTH_OFFSET = 6;
const TREE_COUNTS_OFFSET = 8;
const TREE_ROOT_OFFSET = 40;
const ROOT_PAGE_OFFSET = 136;
const LAST_PAGE_OFFSET = 144;
const TRANSACTION_OFFSET = 152;
const HEADER_BYTES = 168;
/** Every page names the transaction that wrote it. */
const PAGE_TRANSACTION_OFFSET = 8;
const NO_PAGE = 0xffff_ffff_ffff_ffffn;
const PAGE_BYTES_MIN = 256;
const PAGE_BYTES_MAX = 65_536;

/** The file grows by this much at once, in zeroes that are written: see {@link DataFile.reserve}. */
const GROWTH_BYTES = 16 * 1024 * 1024;
/** Growth starts when less than this is left, so that no commit has to wait for it. */
const HEADROOM_BYTES = 8 * 1024 * 1024;
const ZEROES: Uint8Array = new Uint8Array(1024 * 1024);
const writeTo = promisify(write);
const syncData = promisify(fdatasync);
/** Pages that a commit may add beside its values: the branches of the tree and the list of free pages. */
const COMMIT_OVERHEAD_PAGES = 256;

interface Header {
  readonly pageBytes: number;
  readonly rootPage: bigint;
  readonly lastPage: number;
  readonly transaction: bigint;
  /** Its trees as they are described: flags that never change, and where each is. */
  readonly flags: string;
  readonly trees: readonly TreeHeader[];
}

/**
 * What must hold of LMDB's file before it is mapped into memory: reading a mapped file that was cut short
 * kills the process, and LMDB falls back without a word to the commit before when its newest header is
 * damaged.
 *
 * LMDB itself may leave a file shorter than its header says. {@link DataFile.reserve} keeps it longer, so
 * that a short file is always a truncated one.
 */
export class DataFile {
  readonly #path: string;
  readonly #fd: number;
  readonly #pageBytes: number;
  #bytes: number;
  /** No page beyond this one can be in use. */
  #lastPageBound: number;
  #growing: Promise<void> | null = null;

  /** Opens the file of a store that is open. */
  constructor(path: string) {
    this.#path = path;
    this.#fd = openSync(path, "r+");
    this.#bytes = fstatSync(this.#fd).size;
    const header = newestHeader(this.#fd, path);
    this.#pageBytes = header.pageBytes;
    this.#lastPageBound = header.lastPage;
  }

  /**
   * Whether there is a store's file at all.
   * @throws ConfigurationError when there is one and it is damaged
   */
  static check(path: string): boolean {
    if (!existsSync(path)) return false;
    const fd = openSync(path, "r");
    try {
      const bytes = fstatSync(fd).size;
      if (bytes === 0) throw damaged(path, "it is empty");
      const newest = newestHeader(fd, path);
      const needed = (newest.lastPage + 1) * newest.pageBytes;
      if (bytes < needed)
        throw damaged(path, `it was cut short: ${bytes} of at least ${needed} bytes are left`);
      checkRoots(fd, path, newest.pageBytes);
      checkTrees(fd, path, newest);
    } finally {
      closeSync(fd);
    }
    return true;
  }

  /** Size of the file, in bytes; the disk space in use can be less. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Makes the file long enough for a commit with so many bytes in so many values. To be awaited before each.
   *
   * The space is filled with zeroes and synced beforehand: a sync of blocks that the file has had before costs
   * a third of one that must also record where new blocks are, and does not wait for the other processes on
   * the same file system.
   */
  async reserve(values: number, valueBytes: number): Promise<void> {
    const pages = Math.ceil(valueBytes / this.#pageBytes) + 2 * values + COMMIT_OVERHEAD_PAGES;
    if ((this.#lastPageBound + pages) * this.#pageBytes + HEADROOM_BYTES >= this.#bytes) {
      this.#lastPageBound = newestHeader(this.#fd, this.#path).lastPage;
    }
    this.#lastPageBound += pages;
    const needed = (this.#lastPageBound + 1) * this.#pageBytes;
    while (needed > this.#bytes) await this.#grow();
    // A failure comes up again when the space is needed.
    if (needed + HEADROOM_BYTES > this.#bytes) this.#grow().catch(() => undefined);
  }

  /** Once a growth under way has ended: it may still be writing. */
  async close(): Promise<void> {
    await this.#growing?.catch(() => undefined);
    closeSync(this.#fd);
  }

  /** One growth at a time, beyond all pages that LMDB may use: its length counts only once it is written. */
  #grow(): Promise<void> {
    this.#growing ??= this.#append().finally(() => {
      this.#growing = null;
    });
    return this.#growing;
  }

  async #append(): Promise<void> {
    const end = Math.ceil((this.#bytes + 1) / GROWTH_BYTES) * GROWTH_BYTES;
    for (let at = this.#bytes; at < end; ) {
      const { bytesWritten } = await writeTo(this.#fd, ZEROES, 0, Math.min(ZEROES.length, end - at), at);
      at += bytesWritten;
      await syncData(this.#fd);
    }
    this.#bytes = end;
  }
}

function newestHeader(fd: number, path: string): Header {
  const first = readHeader(fd, 0, path);
  const second = readHeader(fd, first.pageBytes, path);
  const newest = first.transaction > second.transaction ? first : second;
  const oldest = newest === first ? second : first;
  const alike = first.pageBytes === second.pageBytes && first.flags === second.flags;
  if (newest.transaction - oldest.transaction > 1n || !alike) {
    throw damaged(path, "its two headers do not follow from each other");
  }
  return newest;
}

/**
 * Every commit of ours writes the root anew: a root of another transaction than its header's betrays either.
 */
function checkRoots(fd: number, path: string, pageBytes: number): void {
  for (const offset of [0, pageBytes]) {
    const { rootPage, lastPage, transaction } = readHeader(fd, offset, path);
    if (rootPage === NO_PAGE) continue;
    const page = Buffer.alloc(2 * PAGE_TRANSACTION_OFFSET);
    const exists =
      rootPage <= lastPage && readSync(fd, page, 0, page.length, rootPage * BigInt(pageBytes)) > 0;
    const same = exists && page.readBigUInt64LE(0) === rootPage;
    if (!same || page.readBigUInt64LE(PAGE_TRANSACTION_OFFSET) !== transaction) {
      throw damaged(path, "a header and the root that it names do not belong together");
    }
  }
}

function readHeader(fd: number, offset: number, path: string): Header {
  const bytes = Buffer.alloc(HEADER_BYTES);
  if (readSync(fd, bytes, 0, HEADER_BYTES, offset) !== HEADER_BYTES)
    throw damaged(path, "its header is cut short");
  const pageBytes = bytes.readUInt32LE(PAGE_BYTES_OFFSET);
  const plausible = pageBytes >= PAGE_BYTES_MIN && pageBytes <= PAGE_BYTES_MAX;
  if (!isHeader(bytes, offset) || !plausible) throw damaged(path, "it has no valid header");
  return {
    pageBytes,
    rootPage: bytes.readBigUInt64LE(ROOT_PAGE_OFFSET),
    lastPage: Number(bytes.readBigUInt64LE(LAST_PAGE_OFFSET)),
    transaction: bytes.readBigUInt64LE(TRANSACTION_OFFSET),
    flags: Object.values(TREE_OFFSETS)
      .map((at) => bytes.readUInt16LE(at + TREE_FLAGS_OFFSET))
      .join(),
    trees: [treeIn(bytes, TREE_OFFSETS.free, true), treeIn(bytes, TREE_OFFSETS.main, false)],
  };
}

/** LMDB's binding does not survive an opening that fails for some of these. */
function isHeader(bytes: Buffer, offset: number): boolean {
  const { number, kind } = pageHead(bytes);
  const isMeta = number === (offset === 0 ? 0n : 1n) && kind === META_PAGE;
  const isKnown =
    bytes.readUInt32LE(MAGIC_OFFSET) === MAGIC && bytes.readUInt32LE(VERSION_OFFSET) === VERSION;
  // No mapping at a fixed address.
  return isMeta && isKnown && bytes.readBigUInt64LE(ADDRESS_OFFSET) === 0n;
}

function treeIn(bytes: Buffer, offset: number, isFreeList: boolean): TreeHeader {
  const root = bytes.readBigUInt64LE(offset + TREE_ROOT_OFFSET);
  const [branchPages = 0, leafPages = 0, overflowPages = 0, entries = 0] = [0, 8, 16, 24].map((at) =>
    Number(bytes.readBigUInt64LE(offset + TREE_COUNTS_OFFSET + at)),
  );
  return {
    rootPage: root === NO_PAGE ? null : Number(root),
    depth: bytes.readUInt16LE(offset + TREE_DEPTH_OFFSET),
    ...{ branchPages, leafPages, overflowPages, entries, isFreeList },
  };
}

function checkTrees(fd: number, path: string, header: Header): void {
  const refuse = (what: string): never => {
    throw damaged(path, what);
  };
  const claims = new PageClaims(header.lastPage);
  for (const tree of header.trees) TreeCheck.run({ ...header, fd, claims, refuse }, tree);
}

/** The same advice for whatever kind of damage. */
export function damaged(path: string, what: string): ConfigurationError {
  return new ConfigurationError(
    `The store's file ${path} is damaged: ${what}. Do not start this replica from it: what it promised ` +
      "to others may be lost. Move the directory aside, check the disk, and let the replica rejoin from " +
      "its peers.",
  );
}
