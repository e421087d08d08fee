import { cpus } from "node:os";
import type { Charge, Cost, CostProfile } from "@destiny/simulator/machine/cost-profile";
import type { CodeCosts } from "./code-costs.ts";
import type { CryptoCosts } from "./crypto-costs.ts";

/** What sending and receiving cost on this machine, of one processor: measured by whoever has the real transport at hand. */
export interface TransportCosts {
  /** For one frame, to write it and to read it. */
  readonly sendMicros: number;
  readonly receiveMicros: number;
  /** The same per byte of a large one. */
  readonly sendNanosPerByte: number;
  readonly receiveNanosPerByte: number;
}

/** Everything that was measured. */
export interface Costs {
  readonly transport: TransportCosts;
  readonly crypto: CryptoCosts;
  readonly code: CodeCosts;
}

const SOURCE = "measured by destiny experiment calibrate";

/** A profile of our own code on processors like the ones here, eight of them, with the paper's network. */
export function modernProfile(costs: Costs): CostProfile {
  return { ...MACHINE, about: about(), ...messageCharges(costs), ...jobCharges(costs) };
}

const MACHINE: Pick<CostProfile, "name" | "processors" | "overhead" | "lanes" | "network" | "sizes"> = {
  name: "modern",
  processors: { count: 8, workers: 7, shared: false, source: "as many as in the paper (evaluation.md 1.2)" },
  overhead: { factor: 1, source: `${SOURCE}: collection of garbage is in what was measured` },
  lanes: {
    per: "replica",
    payloadInside: false,
    source: "our trusted signer is one process that signs in order",
  },
  network: {
    ...{ interfaceGbitPerSecond: 6, overheadBytes: 66, messageBytesMin: 0 },
    source:
      "paper 5.2; 4 bytes around a frame (frame-parser.ts), 22 of a TLS record (RFC 8446), 40 of TCP and IP",
  },
  sizes: {
    ...{ share: 96, aggregate: 96, resultShare: 96, resultAggregate: 48, certificate: 64 },
    ...{ commandOverhead: 18, resultPerCommand: 5 },
    source:
      "our codec: points of BLS, Ed25519; length, kind and key of a put; length and outcome of a result",
  },
};

function about(): string {
  const processor = cpus()[0]?.model ?? "an unknown processor";
  return `Our code on ${processor}, Node ${process.versions.node}; eight processors and the paper's network.`;
}

function messageCharges({
  transport,
  crypto,
  code,
}: Costs): Pick<CostProfile, "receive" | "send" | "prepare"> {
  const loop = { micros: rounded(transport.receiveMicros + code.codec + code.protocol) };
  const batch = charge("a frame; a batch is read and hashed; workers verify its signature and its clients'", {
    loop: {
      ...loop,
      nanosPerByte: rounded(transport.receiveNanosPerByte + code.batchNanosPerByte),
      microsPerRequest: rounded(code.batchPerRequest),
    },
    before: { micros: rounded(crypto.verify), microsPerRequest: rounded(crypto.verify) },
  });
  const certificate = charge("a frame; a worker verifies the certificate, where several come together", {
    loop,
    before: { micros: rounded(crypto.certificate) },
  });
  const signed = charge("a frame; a worker verifies the signature", {
    loop,
    before: { micros: rounded(crypto.verify) },
  });
  return {
    receive: {
      default: charge("a frame, read, and the protocol's own work", { loop }),
      ...{ Prepare: batch, PrePrepare: batch, Body: batch, HybsterCommit: signed },
      ...{ Commit: certificate, CheckpointProof: certificate },
      ...{ SbftPrepare: certificate, SbftFast: certificate, SbftSlow: certificate },
    },
    send: { default: charge("a frame, encrypted, for each receiver", { loop: frameOf(transport) }) },
    prepare: { default: charge("a message is written once", { loop: { micros: rounded(code.codec) } }) },
  };
}

function jobCharges({ transport, crypto, code }: Costs): Pick<CostProfile, "certify" | "combine" | "other"> {
  const signature = charge("a signature of Ed25519", { before: { micros: rounded(crypto.sign) } });
  const loop = {
    micros: rounded(transport.receiveMicros + code.codec + code.protocol),
    nanosPerByte: rounded(transport.receiveNanosPerByte + code.batchNanosPerByte),
  };
  const execution = {
    microsPerCommand: rounded(code.executePerCommand),
    microsPerRequest: rounded(code.executePerRequest),
  };
  const verification = rounded(crypto.certificate + transport.receiveMicros);
  return {
    certify: {
      default: charge("a share of BLS and a signature of Ed25519", {
        before: { micros: rounded(crypto.share + crypto.sign) },
      }),
      ...{ statement: signature, unique: signature },
    },
    combine: {
      default: charge("shares are combined, and the result is verified", {
        before: { micros: rounded(crypto.combine), microsPerShare: rounded(crypto.combinePerShare) },
      }),
    },
    other: {
      request: charge("a frame, read and hashed; a worker verifies the signature", {
        loop,
        before: { micros: rounded(crypto.verify) },
      }),
      reply: charge("a frame", { loop: frameOf(transport) }),
      execute: charge("commands of the key-value store, and their results", { loop: execution }),
      own: charge("the protocol's own work", { loop: { micros: rounded(code.protocol) } }),
      sign: charge("a client signs and sends", {
        beside: { micros: rounded(crypto.sign + transport.sendMicros) },
      }),
      verify: charge("a client reads an answer and verifies its proof", { beside: { micros: verification } }),
    },
  };
}

function frameOf({ sendMicros, sendNanosPerByte }: TransportCosts): Cost {
  return { micros: rounded(sendMicros), nanosPerByte: rounded(sendNanosPerByte) };
}

function charge(note: string, costs: Omit<Charge, "source">): Charge {
  return { ...costs, source: `${SOURCE}: ${note}` };
}

/** Three digits: a machine is not the same twice. */
function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
