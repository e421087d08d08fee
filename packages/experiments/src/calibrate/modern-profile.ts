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
  /** What a loop pays for being woken; and, beside the frames, for a read from a connection, for a write to one. */
  readonly wakeMicros: number;
  readonly readMicros: number;
  readonly flushMicros: number;
}

/** What the trusted signer's process costs per signature, and for how long one waits besides. */
export interface SignerCosts {
  readonly hostMicros: number;
  readonly signerMicros: number;
  readonly delayMicros: number;
}

/** What a record for the disk costs, and how long until it is durable. */
export interface StoreCosts {
  readonly micros: number;
  readonly nanosPerByte: number;
  readonly delayMicros: number;
}

/** Everything that was measured. */
export interface Costs {
  readonly transport: TransportCosts;
  readonly signer: SignerCosts;
  readonly store: StoreCosts;
  readonly crypto: CryptoCosts;
  readonly code: CodeCosts;
}

const SOURCE = "measured by destiny experiment calibrate";

/** A profile of our own code on processors like the ones here, eight of them, with the paper's network. */
export function modernProfile(costs: Costs): CostProfile {
  const lanes: CostProfile["lanes"] = {
    ...{ per: "replica", payloadInside: false, delayMicros: Math.round(costs.signer.delayMicros) },
    source: `our trusted signer is one process that signs in order; ${SOURCE}: the way there, and its disk`,
  };
  const about = `Our code on ${processor()}, Node ${process.versions.node}; eight processors, the paper's network.`;
  return {
    ...MACHINE,
    about,
    lanes,
    ...messageCharges(costs),
    ...jobCharges(costs),
    other: otherCharges(costs),
  };
}

const MACHINE: Pick<CostProfile, "name" | "processors" | "overhead" | "network" | "sizes"> = {
  name: "modern",
  processors: { count: 8, workers: 7, shared: false, source: "as many as in the paper (evaluation.md 1.2)" },
  overhead: { factor: 1, source: `${SOURCE}: collection of garbage is in what was measured` },
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

function processor(): string {
  return cpus()[0]?.model ?? "an unknown processor";
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
  const written = charge("a batch is put together, hashed and written once", {
    loop: { micros: rounded(code.codec), nanosPerByte: rounded(code.batchWriteNanosPerByte) },
  });
  return {
    receive: {
      default: charge("a frame, read, and the protocol's own work", { loop }),
      ...{ Prepare: batch, PrePrepare: batch, Body: batch, HybsterCommit: signed },
      ...{ Commit: certificate, CheckpointProof: certificate },
      ...{ SbftPrepare: certificate, SbftFast: certificate, SbftSlow: certificate },
    },
    send: { default: charge("a frame, encrypted, for each receiver", { loop: frameOf(transport) }) },
    prepare: {
      default: charge("a message is written once", { loop: { micros: rounded(code.codec) } }),
      ...{ Prepare: written, PrePrepare: written, Body: written },
    },
  };
}

function jobCharges({ crypto, signer }: Costs): Pick<CostProfile, "certify" | "combine"> {
  const own = { before: { micros: rounded(crypto.share) } };
  const counted = charge(
    "the trusted signer's process, which signs with BLS and Ed25519; and our end of the way",
    {
      loop: { micros: rounded(signer.hostMicros) },
      before: { micros: rounded(signer.signerMicros) },
    },
  );
  const alone = charge("the same without the share of BLS", {
    loop: { micros: rounded(signer.hostMicros) },
    before: { micros: rounded(Math.max(crypto.sign, signer.signerMicros - crypto.share)) },
  });
  return {
    certify: {
      default: counted,
      ...{ statement: alone, unique: alone },
      ...{ execution: charge("a share of BLS, by a worker", own), checkpoint: charge("the same", own) },
      ...{ vote: charge("the same", own), fast: charge("the same", own) },
    },
    combine: {
      default: charge("shares are combined, and the result is verified", {
        before: { micros: rounded(crypto.combine), microsPerShare: rounded(crypto.combinePerShare) },
      }),
    },
  };
}

function otherCharges({ transport, crypto, code, store }: Costs): CostProfile["other"] {
  const { receiveMicros, receiveNanosPerByte, sendMicros, sendNanosPerByte } = transport;
  const { wakeMicros, readMicros, flushMicros } = transport;
  const readNanosPerByte = rounded(receiveNanosPerByte + code.batchNanosPerByte);
  const hashed = rounded(sendNanosPerByte + crypto.hashNanosPerByte);
  return {
    request: charge("a frame, read and hashed; a worker verifies the signature", {
      loop: {
        micros: rounded(receiveMicros + code.codec + code.protocol),
        nanosPerByte: readNanosPerByte,
      },
      before: { micros: rounded(crypto.verify) },
    }),
    reply: charge("a frame", { loop: frameOf(transport) }),
    execute: charge("commands of the key-value store, and their results", {
      loop: {
        microsPerCommand: rounded(code.executePerCommand),
        microsPerRequest: rounded(code.executePerRequest),
      },
    }),
    record: charge("the store", {
      loop: { micros: rounded(store.micros), nanosPerByte: rounded(store.nanosPerByte) },
    }),
    own: charge("the protocol's own work", { loop: { micros: rounded(code.protocol) } }),
    ...roundCharges(transport),
    sign: charge("a client hashes, signs and sends a lone frame", {
      beside: { micros: rounded(crypto.sign + sendMicros + flushMicros), nanosPerByte: hashed },
    }),
    verify: charge("a client is woken, reads an answer and verifies its proof", {
      beside: { micros: rounded(crypto.certificate + receiveMicros + readMicros + wakeMicros) },
    }),
  };
}

function roundCharges({ wakeMicros, readMicros, flushMicros }: TransportCosts): CostProfile["other"] {
  const lone = "what a lone frame costs more than one of a stream, to and fro";
  return {
    wake: charge("what a lone frame costs more after a sleep of the loop than without one", {
      loop: { micros: rounded(wakeMicros) },
    }),
    read: charge(`half of ${lone}: read, a record of TLS, a round`, {
      loop: { micros: rounded(readMicros) },
    }),
    flush: charge(`half of ${lone}: a record of TLS, write, a round`, {
      loop: { micros: rounded(flushMicros) },
    }),
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
