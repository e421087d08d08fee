import { randomFillSync } from "node:crypto";
import { createRequire } from "node:module";
import { SHARE_BYTES } from "../certificates/scheme.ts";
import { type BlsBackend, type Check, CheckKind, type Domain, SIGNATURE_BYTES } from "./backend.ts";

/** What native/addon.c exports: typed arrays in, bytes out; it throws TypeError for batches that do not fit together. */
interface Addon {
  /** The nine columns of a batch. */
  check(
    kinds: Uint8Array,
    messages: Uint8Array,
    messageEnds: Uint32Array,
    points: Uint8Array,
    pointEnds: Uint32Array,
    signers: Uint16Array,
    keys: Uint8Array,
    keyIndex: Uint32Array,
    weights: Uint8Array,
  ): Promise<Uint8Array>;
  sign(secret: Uint8Array, messages: Uint8Array, messageEnds: Uint32Array): Promise<Uint8Array>;
  signSync(secret: Uint8Array, message: Uint8Array): Uint8Array;
  publicKey(secret: Uint8Array): Uint8Array | undefined;
  parseKey(key: Uint8Array): Uint8Array | undefined;
  sumKeys(keys: Uint8Array): Uint8Array | undefined;
}

const WEIGHT_BYTES = 8;
const RESULT_BYTES = 1 + SIGNATURE_BYTES;
const tags = new Map<Domain, Uint8Array>();

/** The addon's back end, or why there is none. */
export function openNative(): BlsBackend | Error {
  try {
    return backendOf(createRequire(import.meta.url)("../../native/build/Release/destiny_bls.node") as Addon);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function backendOf(addon: Addon): BlsBackend {
  return {
    name: "native",
    check: (checks) => check(addon, checks),
    async sign(secret, domain, statements) {
      if (statements.length === 0) return [];
      const [messages, ends] = pack(
        statements.flatMap((statement) => [tagOf(domain), statement]),
        2,
      );
      return cut(await addon.sign(secret, messages, ends), SHARE_BYTES);
    },
    signSync: (secret, domain, statement) =>
      addon.signSync(secret, Buffer.concat([tagOf(domain), statement])),
    publicKey: (secret) => addon.publicKey(secret),
    parseKey: (key) => addon.parseKey(key),
    sumKeys: (keys) => addon.sumKeys(Buffer.concat(keys)),
    close: async () => {},
  };
}

async function check(addon: Addon, checks: readonly Check[]): Promise<(Uint8Array | undefined)[]> {
  if (checks.length === 0) return [];
  const [messages, messageEnds] = pack(
    checks.flatMap(({ domain, statement }) => [tagOf(domain), statement]),
    2,
  );
  const [points, pointEnds] = pack(checks.map((item) => item.points));
  const [keys, keyIndex] = packKeys(checks);
  const combined = checks.filter(({ kind }) => kind === CheckKind.Interpolate || kind === CheckKind.Sum);
  const results = await addon.check(
    Uint8Array.from(checks, ({ kind }) => kind),
    messages,
    messageEnds,
    points,
    pointEnds,
    Uint16Array.from(combined.flatMap(({ signers }) => signers)),
    keys,
    keyIndex,
    randomFillSync(new Uint8Array(checks.length * WEIGHT_BYTES)),
  );
  return cut(results, RESULT_BYTES).map((result) => (result[0] === 1 ? result.subarray(1) : undefined));
}

/** The domain's tag after its length, as the addon takes it before every message. */
function tagOf(domain: Domain): Uint8Array {
  let tag = tags.get(domain);
  if (tag === undefined) {
    tag = Uint8Array.from([domain.length, ...Buffer.from(domain, "latin1")]);
    tags.set(domain, tag);
  }
  return tag;
}

/** The parts joined, and where every item of `partsEach` parts ends. */
function pack(parts: readonly Uint8Array[], partsEach = 1): [Uint8Array, Uint32Array] {
  const ends = new Uint32Array(parts.length / partsEach);
  let end = 0;
  for (const [i, part] of parts.entries()) {
    end += part.length;
    ends[Math.floor(i / partsEach)] = end;
  }
  return [Buffer.concat(parts, end), ends];
}

function packKeys(checks: readonly Check[]): [Uint8Array, Uint32Array] {
  const positions = new Map<Uint8Array, number>();
  const index = Uint32Array.from(checks, ({ key }) => {
    const position = positions.get(key) ?? positions.size;
    positions.set(key, position);
    return position;
  });
  return [Buffer.concat([...positions.keys()]), index];
}

function cut(bytes: Uint8Array, length: number): Uint8Array[] {
  return Array.from({ length: bytes.length / length }, (_, i) => bytes.slice(i * length, (i + 1) * length));
}
