import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { COUNTER_MAX, REPLICAS_MAX } from "../kernel/ids.ts";
import { encodeBatch, isWellFormedBatch, noop, requestsOf } from "./batch.ts";
import {
  type ClientMessage,
  decodeClientMessage,
  decodeReplicaMessage,
  encodeClientMessage,
  encodeReplicaMessage,
  type ReplicaMessage,
} from "./client-protocol.ts";
import { decodeFrame, encodeFrame, type Frame } from "./codec.ts";
import { LIMITS } from "./limits.ts";
import * as messages from "./messages.ts";
import { DecodeError, Reader } from "./reader.ts";
import { RefusalCode } from "./reply.ts";
import { Request } from "./request.ts";
import { PROTOCOL_VERSION } from "./statement.ts";
import { type Hash, Value } from "./value.ts";
import { Writer } from "./writer.ts";

fc.configureGlobal({ seed: 1 });

const { MessageKind } = messages;
const hash: Hash = (bytes) => createHash("sha256").update(bytes).digest("binary");

const record = <T extends object>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record(fields, { noNullPrototype: true }) as fc.Arbitrary<T>;
const u8 = fc.nat(0xff);
const u16 = fc.nat(0xffff);
const u48 = fc.oneof(fc.nat(3), fc.nat(COUNTER_MAX), fc.constant(COUNTER_MAX));
const bytes = (maxLength: number, minLength = 0): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength, maxLength, size: "max" });
const digest = bytes(32, 32).map((array) => Buffer.from(array).toString("latin1"));
const share = bytes(LIMITS.shareBytesMax);
const aggregate = bytes(LIMITS.certificateBytesMax);
const signature = bytes(64, 64);
const value = bytes(300).map((array) => Value.of(array, hash));

const certificate = record({ view: u48, seq: u48, digest, extension: u48, aggregate }).map(
  (fields) => new messages.Certificate({ kind: MessageKind.Commit, ...fields }),
);
const proposal = record({
  kind: fc.constant(MessageKind.Prepare),
  view: u48,
  seq: u48,
  extension: u48,
  certificate: aggregate,
});
const header = fc
  .tuple(proposal, digest)
  .map(([fields, of]) => new messages.Proposal({ ...fields, digest: of, ...nothing }));
const nothing = { share: new Uint8Array(0), value: null, evidence: [] };
const evidence = fc.array(record({ instance: u16, message: fc.oneof(header, certificate) }), {
  maxLength: 3,
});
const full = fc
  .tuple(proposal, record({ share, value, evidence }))
  .map(([fields, rest]) => new messages.Proposal({ ...fields, ...rest, digest: rest.value.digest }));
const vote = record({ view: u48, seq: u48, digest, share }).map(
  (fields) => new messages.Vote({ kind: MessageKind.CommitSig, ...fields }),
);
const assign = record({ client: digest, coordinator: u16, nonce: u48, signature }).map(
  (fields) => new messages.AssignRequest(fields),
);

const message: fc.Arbitrary<messages.Message> = fc.oneof(
  full,
  header,
  vote,
  certificate,
  fc.tuple(u48, u48, fc.boolean()).map((fields) => new messages.Pull(...fields)),
  record({ seq: u48, entry: u16, root: digest, share }).map((fields) => new messages.ExecSig(fields)),
  fc
    .record({ seq: u48, entry: u16, root: digest, aggregate })
    .map((fields) => new messages.ExecProof(fields)),
  record({ seq: u48, root: digest, share }).map((fields) => new messages.CheckpointSig(fields)),
  record({ seq: u48, root: digest, aggregate }).map((fields) => new messages.CheckpointProof(fields)),
  fc
    .record({
      executed: u48,
      stable: u48,
      decided: fc.array(u48, { maxLength: 20 }),
      views: fc.array(u48, { maxLength: 9 }),
    })
    .map((fields) => new messages.Status(fields)),
  assign,
);
const frame: fc.Arbitrary<Frame> = record({ instance: u16, message });

const request = record({
  client: digest,
  timestamp: u48,
  operations: fc.array(bytes(40), { minLength: 1, maxLength: 4 }),
  signature,
}).map(({ signature: made, ...fields }) => Request.create(fields, hash, () => made));
const clientMessage: fc.Arbitrary<ClientMessage> = fc.oneof(
  record({ type: fc.constant("hello" as const), cluster: digest, client: digest }),
  record({ type: fc.constant("submit" as const), request }),
  record({ type: fc.constant("assign" as const), assign }),
);
const place = { client: digest, timestamp: u48, seq: u48, entry: u16 };
const results = fc.array(bytes(40), { maxLength: 4 });
const count = fc.nat(LIMITS.batchBytesMax);
const replicaMessage: fc.Arbitrary<ReplicaMessage> = fc.oneof(
  record({ type: fc.constant("welcome" as const), replica: u16, coordinator: u16 }),
  record({
    type: fc.constant("proven" as const),
    ...place,
    index: count,
    count,
    path: fc.array(digest, { maxLength: 5 }),
    aggregate,
    results,
  }),
  record({ type: fc.constant("plain" as const), ...place, results }),
  record({
    type: fc.constant("refusal" as const),
    client: digest,
    timestamp: u48,
    code: fc.constantFrom(...Object.values(RefusalCode)),
    coordinator: u16,
  }),
);

/** What every codec of the edge promises, whatever it carries. */
function promises<T>(
  made: fc.Arbitrary<T>,
  encode: (item: T) => Uint8Array,
  decode: (input: Uint8Array) => T,
): void {
  const refuses = (input: Uint8Array): void => expect(() => decode(input)).toThrow(DecodeError);
  const acceptsOneSpelling = (input: Uint8Array): void => {
    let item: T;
    try {
      item = decode(input);
    } catch (error) {
      if (error instanceof DecodeError) return;
      throw error;
    }
    expect(Buffer.compare(encode(item), input)).toBe(0);
  };

  test("what is written is read", () => {
    fc.assert(
      fc.property(made, (item) => {
        expect(decode(encode(item))).toStrictEqual(item);
      }),
      { numRuns: 300 },
    );
  });

  test("cut anywhere, or with a byte more, it is refused", () => {
    const property = fc.property(made, u8, (item, more) => {
      const whole = encode(item);
      for (let length = 0; length < whole.length; length += 1) refuses(whole.subarray(0, length));
      refuses(Uint8Array.of(...whole, more));
    });
    fc.assert(property, { numRuns: 30 });
  });

  test("changed anywhere, it is refused or the only spelling of something else", () => {
    const change = record({ at: fc.nat(1_000_000), to: fc.oneof(fc.nat(3), u8), remove: fc.nat(2) });
    const property = fc.property(made, fc.array(change, { minLength: 1, maxLength: 3 }), (item, changes) => {
      const changed = [...encode(item)];
      for (const { at, to, remove } of changes) changed.splice(at % (changed.length + 1), remove, to);
      acceptsOneSpelling(Uint8Array.from(changed));
    });
    fc.assert(property, { numRuns: 2000 });
  });

  test("arbitrary bytes are refused or one spelling, and throw nothing else", () => {
    const begun = fc
      .tuple(fc.constantFrom(PROTOCOL_VERSION, 0, 255), bytes(200))
      .map(([version, rest]) => Uint8Array.of(version, ...rest));
    // A frame's kind is its fourth byte, a client's its second.
    const kinds = fc
      .tuple(fc.nat(24), bytes(200), fc.boolean())
      .map(([kind, rest, short]) =>
        short
          ? Uint8Array.of(PROTOCOL_VERSION, kind, ...rest)
          : Uint8Array.of(PROTOCOL_VERSION, 0, 0, kind, ...rest),
      );
    fc.assert(fc.property(fc.oneof(bytes(10), begun, kinds), acceptsOneSpelling), { numRuns: 1000 });
  });

  test("a view into something larger reads the same, a Buffer too", () => {
    const property = fc.property(made, (item) => {
      const whole = encode(item);
      const padded = Buffer.concat([Buffer.alloc(3, 0xee), whole, Buffer.alloc(3, 0xee)]);
      expect(decode(padded.subarray(3, 3 + whole.length))).toStrictEqual(item);
    });
    fc.assert(property, { numRuns: 50 });
  });
}

describe("frames between replicas", () => {
  promises(
    frame,
    ({ instance, message: sent }) => encodeFrame(instance, sent),
    (input) => decodeFrame(input, hash),
  );

  test("evidence is a header or a certificate, and of no other kind", () => {
    const fields = { kind: MessageKind.Prepare, view: 1, seq: 1, extension: 0, digest: "d".repeat(32) };
    const bare = new messages.Proposal({ ...fields, certificate: new Uint8Array(0), ...nothing });
    const whole = encodeFrame(
      0,
      new messages.Proposal({ ...bare, evidence: [{ instance: 1, message: bare }] }),
    );
    // After the kind come three numbers of six bytes, a digest and the length of a certificate.
    const kindAt = whole.length - (3 * 6 + 32 + 4) - 1;
    expect(whole[kindAt]).toBe(MessageKind.Prepare);
    const { Prepare, Commit, PrePrepare, PbftEvidence, SbftFast, SbftSlow, HybsterCertificate } = MessageKind;
    for (let kind = 0; kind < 256; kind += 1) {
      const changed = whole.slice();
      changed[kindAt] = kind;
      // A certificate's fields happen to be as long as a header's.
      const certificates = [Commit, PbftEvidence, SbftFast, SbftSlow, HybsterCertificate];
      const known: readonly number[] = [Prepare, PrePrepare, ...certificates];
      if (known.includes(kind)) decodeFrame(changed, hash);
      else expect(() => decodeFrame(changed, hash)).toThrow(DecodeError);
    }
  });
});

describe("messages of clients", () => {
  promises(clientMessage, encodeClientMessage, (input) => decodeClientMessage(input, hash));
});

describe("messages to clients", () => {
  promises(replicaMessage, encodeReplicaMessage, decodeReplicaMessage);
});

describe("requests", () => {
  promises(
    request,
    ({ bytes: signed }) => new Writer().bytes(signed).finish(),
    (input) => {
      const reader = new Reader(input);
      const read = Request.read(reader, hash);
      reader.end();
      return read;
    },
  );

  test("the digest covers everything before the signature", () => {
    const property = fc.property(request, ({ bytes: signed, digest: covered, signature: made }) => {
      expect(hash(signed.subarray(0, -64))).toBe(covered);
      expect(signed.subarray(-64)).toEqual(made);
    });
    fc.assert(property);
  });
});

describe("batches", () => {
  const requests = fc.array(request, { maxLength: 4 });

  test("hold the requests that were put in", () => {
    const property = fc.property(requests, (list) => {
      const batch = encodeBatch(list, hash);
      const received = Value.of(batch.bytes.slice(), hash);
      expect(received.digest).toBe(batch.digest);
      expect(requestsOf(received, hash)).toStrictEqual(list);
      expect(isWellFormedBatch(received, hash)).toBe(true);
    });
    fc.assert(property, { numRuns: 50 });
  });

  test("that do not parse hold nothing, and never throw", () => {
    const property = fc.property(fc.array(request, { minLength: 1, maxLength: 3 }), fc.nat(), (list, cut) => {
      const whole = encodeBatch(list, hash).bytes;
      for (const bad of [whole.subarray(0, 1 + (cut % (whole.length - 1))), Uint8Array.of(...whole, 0)]) {
        const received = Value.of(bad, hash);
        expect(isWellFormedBatch(received, hash)).toBe(false);
        expect(requestsOf(received, hash)).toEqual([]);
      }
    });
    fc.assert(property, { numRuns: 50 });
    expect(requestsOf(noop(hash), hash)).toEqual([]);
    expect(isWellFormedBatch(noop(hash), hash)).toBe(true);
  });
});

describe("limits are inclusive, and what is above them is refused", () => {
  const zeros = (length: number): Uint8Array => new Uint8Array(length);
  const fields = { kind: MessageKind.Prepare, view: 1, seq: 1, extension: 0 } as const;
  const item = {
    instance: 1,
    message: new messages.Proposal({ ...fields, certificate: zeros(1), digest: "d".repeat(32), ...nothing }),
  };
  const proposed = (sizes: {
    certificate?: number;
    share?: number;
    value?: number;
    evidence?: number;
  }): messages.Message => {
    const large = Value.of(zeros(sizes.value ?? 0), hash);
    return new messages.Proposal({
      ...fields,
      certificate: zeros(sizes.certificate ?? 0),
      share: zeros(sizes.share ?? 0),
      value: large,
      digest: large.digest,
      evidence: Array.from({ length: sizes.evidence ?? 0 }, () => item),
    });
  };
  const status = (decided: number): messages.Message =>
    new messages.Status({ executed: 0, stable: 0, decided: new Array<number>(decided).fill(1), views: [] });
  const reads = (sent: messages.Message): unknown => decodeFrame(encodeFrame(0, sent), hash);

  test.each([
    ["certificate", LIMITS.certificateBytesMax],
    ["share", LIMITS.shareBytesMax],
    ["value", LIMITS.valueBytesMax],
    ["evidence", LIMITS.evidenceMax],
  ] as const)("a proposal's %s", (name, max) => {
    reads(proposed({ [name]: max }));
    expect(() => reads(proposed({ [name]: max + 1 }))).toThrow(DecodeError);
  });

  test("the largest proposal fits into a frame", () => {
    const largest = proposed({
      certificate: 256,
      share: 192,
      value: LIMITS.valueBytesMax,
      evidence: LIMITS.evidenceMax,
    });
    expect(encodeFrame(0, largest).length).toBeLessThanOrEqual(LIMITS.frameBytesMax);
    reads(largest);
    expect(() => decodeFrame(zeros(LIMITS.frameBytesMax + 1), hash)).toThrow("above its limit");
  });

  test("a status speaks of all instances and no more", () => {
    reads(status(REPLICAS_MAX + 1));
    expect(() => reads(status(REPLICAS_MAX + 2))).toThrow(DecodeError);
  });

  const submitted = (operations: Uint8Array[]): unknown => {
    const made = Request.create({ client: "c".repeat(32), timestamp: 1, operations }, hash, () => zeros(64));
    return decodeClientMessage(encodeClientMessage({ type: "submit", request: made }), hash);
  };

  test("a request's commands, operations and size", () => {
    const many = (length: number): Uint8Array[] => Array.from({ length }, () => zeros(0));
    const half = LIMITS.operationBytesMax;
    submitted(many(LIMITS.requestCommandsMax));
    submitted([zeros(half)]);
    submitted([zeros(half), zeros(LIMITS.requestBytesMax - half - 42 - 64 - 8)]);
    expect(() => submitted([])).toThrow("without commands");
    expect(() => submitted(many(LIMITS.requestCommandsMax + 1))).toThrow(DecodeError);
    expect(() => submitted([zeros(half + 1)])).toThrow(DecodeError);
    expect(() => submitted([zeros(half), zeros(LIMITS.requestBytesMax - half - 42 - 64 - 7)])).toThrow(
      DecodeError,
    );
  });

  test("a batch above its limit holds nothing", () => {
    const timestamps = [1, 2, 3, 4, 5];
    const made = timestamps.map((timestamp) =>
      Request.create({ client: "c".repeat(32), timestamp, operations: [zeros(500_000)] }, hash, () =>
        zeros(64),
      ),
    );
    const read = (list: Request[]): readonly Request[] =>
      requestsOf(Value.of(encodeBatch(list, hash).bytes, hash), hash);
    expect(read(made.slice(0, 4))).toHaveLength(4);
    expect(read(made)).toHaveLength(0);
  });

  test("a count that the frame cannot hold is refused before anything is made of it", () => {
    const huge = new Writer()
      .u8(PROTOCOL_VERSION)
      .u16(0)
      .u8(MessageKind.Status)
      .u48(0)
      .u48(0)
      .u32(0xffff_ffff);
    expect(() => decodeFrame(huge.finish(), hash)).toThrow("more items than allowed");
    const within = new Writer().u8(PROTOCOL_VERSION).u16(0).u8(MessageKind.Status).u48(0).u48(0).u32(1000);
    expect(() => decodeFrame(within.finish(), hash)).toThrow("more items than allowed");
  });
});
