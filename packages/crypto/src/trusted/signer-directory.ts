import { randomBytes } from "node:crypto";
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import { COUNTER_MAX, DIGEST_BYTES, type Digest, REPLICAS_MAX, ROOT } from "@destiny/core/kernel/ids";
import { fromDigest, toDigest } from "@destiny/core/wire/reader";
import type { Preamble } from "@destiny/core/wire/statement";
import { Writer } from "@destiny/core/wire/writer";
import type { BlsBackend } from "../bls/backend.ts";
import { drawShareSecret } from "../certificates/keys.ts";
import type { SchemeKind } from "../certificates/scheme.ts";
import { digestOf } from "../hash/sha256.ts";
import { Journal } from "./journal.ts";

const KEY_FILE = "signer.json";
const FORMAT = 1;
const SECRET_BYTES = 32;
const EPOCH_BYTES = 6;

/** All that a trusted signer is given once, and never gives away. */
export interface SignerKey {
  readonly preamble: Preamble;
  readonly replica: number;
  readonly bootEpoch: number;
  /** It certifies for the instances 0 to `instances` − 1. */
  readonly instances: number;
  /** What the shares combine to. Verifiers care; a share is the same kind of bytes. */
  readonly scheme: SchemeKind;
  /** Secret key of the shares, of the scheme's kind, 32 bytes in hex. */
  readonly shareSecret: string;
  /** Ed25519 seed of the individual certificates, 32 bytes in hex. */
  readonly identitySeed: string;
}

/**
 * Makes the directory of a new signer, for its own process only: key file, empty journal, anchor. Throws
 * `ConfigurationError` if there is one already: its counters must not start again under the same keys.
 */
export function createSignerDirectory(directory: string, key: SignerKey): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  chmodSync(directory, 0o700);
  writeKeyFile(join(directory, KEY_FILE), key);
  Journal.create(directory, journalOwner(key));
}

/** What a signer is made for that takes the place of one whose memory is lost: all but its secrets, which it draws itself. */
export interface SignerBirth extends Pick<SignerKey, "replica" | "instances" | "scheme"> {
  /** Of the cluster, in hex. */
  readonly cluster: string;
}

/**
 * Makes the directory of a signer with an identity of its own, drawn here and now, if there is nothing at all: it has to be
 * admitted (hybster.md 10.1). Whether it did. What is left of another signer stays as it is, and is for the operator to move.
 */
export function bearSigner(directory: string, birth: SignerBirth, backend: BlsBackend): boolean {
  if (existsSync(directory) && readdirSync(directory).length > 0) return false;
  const { cluster, ...rest } = birth;
  const draft = `${directory}.new`;
  rmSync(draft, { recursive: true, force: true });
  createSignerDirectory(draft, {
    ...rest,
    preamble: { cluster: toDigest(Buffer.from(cluster, "hex")), configuration: 0 },
    bootEpoch: randomBytes(EPOCH_BYTES).readUIntBE(0, EPOCH_BYTES),
    shareSecret: drawShareSecret(backend, birth.scheme, randomBytes),
    identitySeed: randomBytes(SECRET_BYTES).toString("hex"),
  });
  if (existsSync(directory)) rmdirSync(directory);
  renameSync(draft, directory);
  return true;
}

/** Throws `ConfigurationError` if the key file is missing, readable by others, or not as written. */
export function readSignerKey(directory: string): SignerKey {
  const path = join(directory, KEY_FILE);
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined)
    throw new ConfigurationError(`${path} is missing: create the signer with destiny init`);
  if ((found.mode & 0o077) !== 0) throw new ConfigurationError(`${path} is open to others: chmod 600 it`);
  return parseKey(path, readFileSync(path, "utf8"));
}

/** Ties a journal to the identity whose counters it keeps, without giving its keys away. */
export function journalOwner(key: SignerKey): Digest {
  const out = new Writer().digest(key.preamble.cluster).u16(key.replica).u48(key.bootEpoch);
  for (const secret of [key.shareSecret, key.identitySeed]) out.bytes(Buffer.from(secret, "hex"));
  return digestOf(out.finish());
}

function writeKeyFile(path: string, key: SignerKey): void {
  const { preamble, ...rest } = key;
  const cluster = Buffer.from(fromDigest(preamble.cluster)).toString("hex");
  const json = { format: FORMAT, cluster, configuration: preamble.configuration, ...rest };
  const file = openNew(path);
  writeSync(file, `${JSON.stringify(json, undefined, 2)}\n`);
  fsyncSync(file);
  closeSync(file);
}

function openNew(path: string): number {
  try {
    return openSync(path, "wx", 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw new ConfigurationError(
      `${path} exists: take another directory, a signer's keys are never used twice`,
    );
  }
}

function parseKey(path: string, text: string): SignerKey {
  const fields = new Fields(path, text);
  fields.integer("format", FORMAT, FORMAT);
  const scheme = fields.text("scheme");
  if (scheme !== "threshold" && scheme !== "multisig" && scheme !== "list") throw fields.wrong("scheme");
  return {
    preamble: {
      cluster: toDigest(Buffer.from(fields.hex("cluster", DIGEST_BYTES), "hex")),
      configuration: fields.integer("configuration", 0, 0xffff_ffff),
    },
    replica: fields.integer("replica", 0, REPLICAS_MAX - 1),
    bootEpoch: fields.integer("bootEpoch", 0, COUNTER_MAX),
    instances: fields.integer("instances", 1, ROOT),
    scheme,
    shareSecret: fields.hex("shareSecret", SECRET_BYTES),
    identitySeed: fields.hex("identitySeed", SECRET_BYTES),
  };
}

/** Fields of a JSON object that a person may have edited. */
class Fields {
  readonly #path: string;
  readonly #object: Readonly<Record<string, unknown>>;

  constructor(path: string, text: string) {
    this.#path = path;
    try {
      const parsed: unknown = JSON.parse(text);
      this.#object = typeof parsed === "object" && parsed !== null ? (parsed as Record<string, unknown>) : {};
    } catch {
      throw new ConfigurationError(`${path} is not JSON: restore it as destiny init wrote it`);
    }
  }

  text(name: string): string {
    const value = this.#object[name];
    if (typeof value !== "string") throw this.wrong(name);
    return value;
  }

  integer(name: string, min: number, max: number): number {
    const value = this.#object[name];
    if (typeof value !== "number" || !Number.isInteger(value) || value < min || value > max)
      throw this.wrong(name);
    return value;
  }

  hex(name: string, length: number): string {
    const value = this.text(name);
    if (value.length !== 2 * length || !/^[0-9a-f]*$/.test(value)) throw this.wrong(name);
    return value;
  }

  /** Names the field and never its value, which may be a secret. */
  wrong(name: string): ConfigurationError {
    return new ConfigurationError(
      `${this.#path}: "${name}" is wrong: restore the file as destiny init wrote it`,
    );
  }
}
