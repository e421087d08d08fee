import { randomBytes } from "node:crypto";
import { ClientTable } from "@destiny/core/replica/client-table";
import { Executor } from "@destiny/core/replica/executor";
import { Membership } from "@destiny/core/replica/membership";
import { encodePut, KeyValue } from "@destiny/core/service/key-value";
import { encodeOperation, OperationKind } from "@destiny/core/service/operation";
import { encodeBatch, requestsOf } from "@destiny/core/wire/batch";
import { decodeFrame, encodeFrame } from "@destiny/core/wire/codec";
import { MessageKind, Proposal, Vote } from "@destiny/core/wire/messages";
import { Request } from "@destiny/core/wire/request";
import { digestOf } from "@destiny/crypto/hash/sha256";
import type { Scenario } from "../run/scenario.ts";
import { simulate } from "../run/simulate.ts";
import { cpuMicros } from "./cpu-time.ts";

/** What our own code costs here. Micros of one processor, nanos where it says so. */
export interface CodeCosts {
  /** To write or to read a small message. */
  readonly codec: number;
  /** To read a batch and hash it. */
  readonly batchNanosPerByte: number;
  readonly batchPerRequest: number;
  /** To put a batch together and to write it. */
  readonly batchWriteNanosPerByte: number;
  /** The protocol's own work for one message, the mean of those that there are. */
  readonly protocol: number;
  readonly executePerCommand: number;
  readonly executePerRequest: number;
}

const PAYLOAD_BYTES = 512;
const COMMANDS = 200;
const NOTHING = new Uint8Array(0);
const DIGEST = "\0".repeat(32);
const SECOND = 1_000_000;

/** Measures codec, execution and protocols. */
export async function codeCosts(): Promise<CodeCosts> {
  const vote = new Vote({
    ...{ kind: MessageKind.CommitSig, view: 1, seq: 1, digest: DIGEST },
    share: new Uint8Array(96),
  });
  const frame = encodeFrame(1, vote);
  const writing = await cpuMicros(1_000, () => repeat(() => encodeFrame(1, vote)));
  const reading = await cpuMicros(1_000, () => repeat(() => decodeFrame(frame, digestOf)));
  const one = await batchCosts(1);
  const many = await batchCosts(COMMANDS);
  return {
    codec: (writing + reading) / 2,
    batchNanosPerByte: (one.reading / one.bytes) * 1_000,
    batchWriteNanosPerByte: (one.writing / one.bytes) * 1_000,
    batchPerRequest: Math.max(0, (many.reading - one.reading) / COMMANDS),
    protocol: await protocolCost(),
    executePerCommand: one.executing / COMMANDS,
    executePerRequest: Math.max(0, (many.executing - one.executing) / COMMANDS),
  };
}

interface BatchCosts {
  readonly bytes: number;
  readonly writing: number;
  readonly reading: number;
  readonly executing: number;
}

/** Of {@link COMMANDS} commands in so many requests. */
async function batchCosts(requests: number): Promise<BatchCosts> {
  const list = requestsIn(requests);
  const writing = await cpuMicros(1, () => encodeFrame(0, proposalOf(list)));
  const frame = encodeFrame(0, proposalOf(list));
  const read = (): Proposal => {
    const proposal = decodeFrame(frame, digestOf).message as Proposal;
    if (proposal.value !== null) requestsOf(proposal.value, digestOf);
    return proposal;
  };
  const reading = await cpuMicros(1, read);
  const { value } = read();
  if (value === null) return { bytes: frame.length, writing, reading, executing: 0 };
  for (const request of requestsOf(value, digestOf)) request.valid = true;
  let seq = 0;
  const executing = await cpuMicros(1, () => {
    seq += 1;
    executor().execute({ seq, entry: 0, coordinator: 0, value });
  });
  return { bytes: frame.length, writing, reading, executing };
}

function executor(): Executor {
  return new Executor({
    ...{ self: 0, n: 4, partitioned: false, replies: "proven", hash: digestOf },
    admission: { type: "anyone", clientsMax: 1_000 },
    service: new KeyValue(),
    clients: new ClientTable(4, 16),
    members: new Membership({ self: 0, hash: digestOf, identities: null, push: () => undefined }),
  });
}

function requestsIn(requests: number): Request[] {
  const each = COMMANDS / requests;
  return Array.from({ length: requests }, (_, index) => {
    const operations = Array.from({ length: each }, (_, command) => {
      const put = encodePut(`load-${index * each + command}`, randomBytes(PAYLOAD_BYTES));
      return encodeOperation(OperationKind.Command, put);
    });
    const client = String.fromCharCode(...randomBytes(32));
    return Request.create({ client, timestamp: 1, operations }, digestOf, () => new Uint8Array(64));
  });
}

function proposalOf(requests: readonly Request[]): Proposal {
  const value = encodeBatch(requests, digestOf);
  const place = { kind: MessageKind.Prepare, view: 0, seq: 1, digest: value.digest, extension: 0 };
  return new Proposal({ ...place, certificate: new Uint8Array(64), share: NOTHING, value, evidence: [] });
}

/** Simulations in which nothing takes virtual time take real time for the protocol's work, and for little else. */
async function protocolCost(): Promise<number> {
  let micros = 0;
  let delivered = 0;
  for (const protocol of ["destiny", "dqpbft", "single-pbft", "single-linear-hybster"]) {
    simulate(scenarioOf(protocol, SECOND));
    const begun = process.cpuUsage();
    const { wall } = simulate(scenarioOf(protocol, 4 * SECOND));
    const { user, system } = process.cpuUsage(begun);
    micros += user + system;
    delivered += wall.delivered;
  }
  return micros / delivered;
}

function scenarioOf(protocol: string, duration: number): Scenario {
  return {
    ...{ protocol, replicas: 7, seed: 1, duration, warmUp: duration / 10, wan: "lan", profile: "paper-2022" },
    ...{ without: ["cpu", "bandwidth", "jitter"], batch: 200, bundle: 200, payloadBytes: PAYLOAD_BYTES },
    load: { type: "open", requestsPerSecond: 500 },
    ...{ events: [], exact: true },
  };
}

function repeat(run: () => unknown): void {
  for (let i = 0; i < 1_000; i += 1) run();
}
