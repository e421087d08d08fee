import { bytes, digest, hash, pin, pinFrames } from "@destiny/testkit/wire/vectors";
import { describe, expect, test } from "vitest";
import { Anchor } from "./anchor.ts";
import { encodeBatch, requestsOf } from "./batch.ts";
import { type Claim, statementOf } from "./claim.ts";
import {
  type ClientMessage,
  decodeClientMessage,
  decodeReplicaMessage,
  encodeClientMessage,
  encodeReplicaMessage,
  type ReplicaMessage,
} from "./client-protocol.ts";
import { codedKinds } from "./codec.ts";
import * as composition from "./composition.ts";
import { Forward } from "./forward.ts";
import * as messages from "./messages.ts";
import {
  decodeOutcome,
  encodeOutcome,
  type Outcome,
  OutcomeCode,
  RefusalCode,
  requestLeaf,
} from "./reply.ts";
import { Request } from "./request.ts";
import { GENESIS_ROSTER } from "./roster.ts";
import { FetchState, StateDigests, StatePages } from "./state-transfer.ts";
import * as statements from "./statement.ts";
import type { SubsystemIdentity } from "./subsystem-identity.ts";
import { Complaint } from "./suspicion.ts";
import { Value } from "./value.ts";
import * as views from "./view-change.ts";

const { MessageKind } = messages;
/** Where the vectors of this name are. */
const file = (name: string): URL => new URL(`vectors/${name}.json`, import.meta.url);

const request = Request.create(
  {
    client: digest("client"),
    timestamp: 0x0102_0304_0506,
    operations: [bytes(3, 1), bytes(0, 0), bytes(5, 0x61)],
  },
  hash,
  () => bytes(64, 0x80),
);
const value = Value.of(bytes(4, 0xd0), hash);
const slot = { view: 3, seq: 0x0a0b_0c0d_0e0f };
const certificate = new messages.Certificate({
  kind: MessageKind.Commit,
  ...slot,
  digest: digest("value"),
  extension: 7,
  aggregate: bytes(6, 0xa0),
});
const prepare = { kind: MessageKind.Prepare, ...slot, extension: 7, certificate: bytes(5, 0xc0) };
const header = new messages.Proposal({
  ...prepare,
  digest: digest("value"),
  share: new Uint8Array(0),
  value: null,
  evidence: [],
});
const assign = new messages.AssignRequest({
  client: digest("client"),
  coordinator: 2,
  nonce: 9,
  signature: bytes(64, 0x80),
});
const anchor = new Anchor({
  proof: new messages.CheckpointProof({ seq: 128, root: digest("root"), aggregate: bytes(6, 0xa0) }),
  part: bytes(4, 0x30),
  pageCount: 3,
  path: [digest("a"), digest("b")],
});
const subsystem: SubsystemIdentity = {
  ...{ bootEpoch: 77, tier: 1, identityKey: bytes(32, 1), shareKey: bytes(32, 2) },
  ...{ shareProof: bytes(0, 0), attestation: bytes(64, 3) },
};
const viewChange = views.ViewChange.of(
  {
    sender: 1,
    to: 5,
    base: 3,
    baseDigest: digest("base"),
    oLast: 9,
    anchor,
    prepares: [header],
    chain: [{ to: 4, digest: digest("link"), old: { view: 3, seq: 9 }, certificate: bytes(5, 0xc0) }],
    old: { view: 4, seq: 0 },
    certificate: bytes(5, 0xd0),
  },
  hash,
);
const newView = views.NewView.of(
  {
    view: 5,
    viewChanges: [viewChange, viewChange.certified({ view: 4, seq: 0 }, bytes(5, 0xe0))],
    anchor,
    prepares: [header],
    count: 3,
    certificate: bytes(5, 0xf0),
  },
  hash,
);
const ack = new views.NewViewAck({ view: 5, digest: digest("nv"), sender: 2, certificate: bytes(5, 0xc0) });
const place = { client: request.client, timestamp: request.timestamp, seq: 11, entry: 1 };
const results = [encodeOutcome({ ok: true, result: bytes(2, 1) }), encodeOutcome({ ok: false, code: 1 })];

describe("frames between replicas", () => {
  const samples: Record<string, messages.Message> = {
    prepare: new messages.Proposal({
      ...prepare,
      digest: value.digest,
      share: bytes(3, 0x50),
      value,
      evidence: [
        { instance: 1, message: certificate },
        { instance: 2, message: header },
      ],
    }),
    header,
    commitSig: new messages.Vote({
      kind: MessageKind.CommitSig,
      ...slot,
      digest: digest("value"),
      share: bytes(3, 0x50),
    }),
    commit: certificate,
    pull: new messages.Pull(4, 8, true),
    execSig: new messages.ExecSig({ seq: 11, entry: 1, root: digest("root"), share: bytes(3, 0x50) }),
    execProof: new messages.ExecProof({ seq: 11, entry: 1, root: digest("root"), aggregate: bytes(6, 0xa0) }),
    checkpointSig: new messages.CheckpointSig({ seq: 128, root: digest("root"), share: bytes(3, 0x50) }),
    checkpointProof: new messages.CheckpointProof({
      seq: 128,
      root: digest("root"),
      aggregate: bytes(6, 0xa0),
    }),
    status: new messages.Status({ executed: 130, stable: 128, decided: [5, 6, 2 ** 48 - 1], views: [0, 7] }),
    assignRequest: assign,
    fetchState: new FetchState({
      seq: 128,
      ticket: 7,
      first: 1024,
      pieces: [
        { index: 3, offset: 0, length: 65_536 },
        { index: 4, offset: 5, length: 2 },
      ],
    }),
    statePages: new StatePages({ seq: 128, ticket: 7, pieces: [bytes(3, 1), bytes(0, 0)] }),
    stateDigests: new StateDigests({
      seq: 128,
      ticket: 7,
      first: 0,
      digests: [digest("page 0"), digest("page 1")],
      path: [digest("a")],
      shape: bytes(12, 2),
    }),
    anchor,
    viewChange,
    newView,
    newViewAck: ack,
    viewState: new views.ViewState({
      view: 6,
      base: 5,
      kept: [
        { newView, acks: [ack], commit: certificate },
        { newView, acks: [], commit: null },
      ],
      chain: viewChange.chain,
      own: viewChange,
      opening: [viewChange],
    }),
    fetchBodies: new views.FetchBodies([digest("a"), digest("b")]),
    body: new views.Body(value),
    fetchNewView: new views.FetchNewView(5),
    headerRelay: new composition.HeaderRelay(2, header),
    need: new composition.Need({ instance: 2, seq: 17, ordered: 9 }),
    rejoin: new composition.Rejoin(3),
    challenge: new composition.Challenge(4),
    health: new composition.Health(4, 130),
    roster: GENESIS_ROSTER.admit(2, subsystem, 40),
    complaint: new Complaint({ instance: 2, view: 5, decided: 40, signer: 1, signature: bytes(5, 0xd0) }),
    forward: new Forward(request),
    reinstate: new composition.Reinstate({ instance: 2, view: 8, signer: 1, certificate: bytes(5, 0xc0) }),
  };
  pinFrames(file("frames"), samples);

  test("every kind of message has a vector", () => {
    const kinds = new Set(Object.values(samples).map(({ kind }) => kind));
    const others = codedKinds().filter((kind) => kind < 32 || (kind > 47 && kind < 64)); // Others have files of their own.
    expect([...kinds].sort()).toEqual(others.sort());
  });
});

describe("messages of clients", () => {
  const samples: Record<string, ClientMessage> = {
    hello: { type: "hello", cluster: digest("cluster"), client: digest("client") },
    submit: { type: "submit", request },
    assign: { type: "assign", assign },
  };
  pin(file("client-messages"), samples, {
    encode: encodeClientMessage,
    decode: (input) => decodeClientMessage(input, hash),
  });
});

describe("messages to clients", () => {
  const proven = {
    ...place,
    index: 1,
    count: 3,
    path: [digest("a"), digest("b")],
    aggregate: bytes(6, 0xa0),
  };
  const refusal = {
    type: "refusal" as const,
    client: place.client,
    timestamp: place.timestamp,
    coordinator: 3,
  };
  const refusals = Object.entries(RefusalCode).map(([name, code]) => [
    `refusal ${name}`,
    { ...refusal, code },
  ]);
  const samples: Record<string, ReplicaMessage> = {
    welcome: { type: "welcome", replica: 1, coordinator: 2 },
    proven: { type: "proven", ...proven, results },
    plain: { type: "plain", ...place, results },
    ...Object.fromEntries(refusals),
  };
  pin(file("replica-messages"), samples, { encode: encodeReplicaMessage, decode: decodeReplicaMessage });
});

describe("outcomes", () => {
  const failures = Object.entries(OutcomeCode).map(([name, code]) => [name, { ok: false, code }]);
  const samples: Record<string, Outcome> = {
    result: { ok: true, result: bytes(3, 1) },
    nothing: { ok: true, result: new Uint8Array(0) },
    ...Object.fromEntries(failures),
  };
  pin(file("outcomes"), samples, {
    encode: encodeOutcome,
    decode: (input) => decodeOutcome(new Uint8Array(input)),
  });
});

describe("batches", () => {
  pin(
    file("batches"),
    { empty: [], one: [request], two: [request, request] } as Record<string, readonly Request[]>,
    {
      encode: (requests) => encodeBatch(requests, hash).bytes,
      decode: (input) => requestsOf(Value.of(input, hash), hash),
    },
  );
});

describe("statements that are signed", () => {
  const preamble = { cluster: digest("cluster"), configuration: 1 };
  const at = { instance: 0x0102, counter: statements.Counter.NewView, value: slot };
  const message = digest("message");
  const claims: Record<string, Claim> = {
    "slot claim": { type: "slot", instance: 0x0102, value: slot, message: bytes(5, 1) },
    "unique claim": { type: "unique", instance: 0x0102, value: slot, message: bytes(5, 1) },
    "execution claim": { type: "execution", seq: 11, entry: 1, root: digest("root") },
    "vote claim": { type: "vote", instance: 0x0102, message: bytes(5, 1) },
    "fast claim": { type: "fast", instance: 0x0102, message: bytes(5, 1) },
    "checkpoint claim": { type: "checkpoint", seq: 128, root: digest("root") },
  };
  const independent = statements.independentStatement(preamble, at, message);
  const samples: Record<string, Uint8Array> = {
    independent,
    continuing: statements.continuingStatement(preamble, { ...at, old: { view: 2, seq: 1 } }, message),
    "trusted mac": statements.trustedMacStatement(preamble, 0x0102, message),
    vote: statements.voteStatement(preamble, 0x0102, message),
    fast: statements.fastStatement(preamble, 0x0102, message),
    identity: statements.identityStatement(preamble, { replica: 1, bootEpoch: 2 }, independent),
    execution: statements.executionStatement(preamble, { seq: 11, entry: 1 }, digest("root")),
    checkpoint: statements.checkpointStatement(preamble, 128, digest("root")),
    request: statements.requestStatement(preamble, request.digest),
    assign: statements.assignStatement(preamble, 2, 9),
    ...Object.fromEntries(
      Object.entries(claims).map(([name, claim]) => [name, statementOf(claim, preamble, hash)]),
    ),
  };
  pin(file("statements"), samples, { encode: (statement) => statement });

  test("no statement of one purpose is one of another, nor of another cluster or configuration", () => {
    const purposes = Object.entries(samples).filter(([name]) => !name.endsWith("claim"));
    expect(new Set(purposes.map(([, statement]) => statement[1])).size).toBe(purposes.length);
    const elsewhere = [
      { ...preamble, cluster: digest("another") },
      { ...preamble, configuration: 2 },
    ];
    for (const other of elsewhere) {
      for (const claim of Object.values(claims)) {
        expect(statementOf(claim, other, hash)).not.toEqual(statementOf(claim, preamble, hash));
      }
    }
  });

  test("a value of a counter is compared by its view first", () => {
    const order = (view: number, seq: number): number =>
      Math.sign(statements.compareCounterValues({ view, seq }, { view: 2, seq: 5 }));
    expect([order(1, 9), order(2, 4), order(2, 5), order(2, 6), order(3, 0)]).toEqual([-1, -1, 0, 1, 1]);
  });
});

describe("what proofs hash", () => {
  const leaves: Record<string, Uint8Array> = {
    "digest of a request": Buffer.from(request.digest, "latin1"),
    "leaf of a request": Buffer.from(requestLeaf(place, results, hash), "latin1"),
    "leaf of a request without results": Buffer.from(requestLeaf(place, [], hash), "latin1"),
  };
  pin(file("digests"), leaves, { encode: (leaf) => leaf });
});
