import type { TransportCosts } from "@destiny/experiments/calibrate/modern-profile";
import { createReplicaCertificate } from "@destiny/node/identity/certificates";
import { Mesh } from "@destiny/node/mesh/mesh";

const HOST = "127.0.0.1";
const CLUSTER = "c".repeat(32);
const SMALL_BYTES = 150;
const LARGE_BYTES = 106_000;
const SMALL_FRAMES = 20_000;
const LARGE_FRAMES = 400;
/** Frames handed over in one turn of the loop: as many as a replica sends while it deals with a batch. */
const PER_TURN = 20;

/**
 * What a frame costs our transport here, in time of the processor: one process sends to itself, through TLS. Half of it counts as
 * sending and half as receiving.
 */
export async function transportCosts(): Promise<TransportCosts> {
  const pair = await openPair();
  try {
    await pair.send(SMALL_BYTES, SMALL_FRAMES / 10);
    const small = await pair.send(SMALL_BYTES, SMALL_FRAMES);
    const large = await pair.send(LARGE_BYTES, LARGE_FRAMES);
    const perByte = (Math.max(0, large - small) * 1_000) / (LARGE_BYTES - SMALL_BYTES);
    return {
      ...{ sendMicros: small / 2, receiveMicros: small / 2 },
      ...{ sendNanosPerByte: perByte / 2, receiveNanosPerByte: perByte / 2 },
    };
  } finally {
    await pair.close();
  }
}

interface Pair {
  /** Micros of the processor per frame, both ends together. */
  send(bytes: number, count: number): Promise<number>;
  close(): Promise<void>;
}

async function openPair(): Promise<Pair> {
  const certificates = await Promise.all(
    [0, 1].map((replica) => createReplicaCertificate({ replica, cluster: "calibrate", hosts: [HOST] })),
  );
  let received = 0;
  let wanted = Number.POSITIVE_INFINITY;
  let done: () => void = () => undefined;
  let linked: () => void = () => undefined;
  const up = new Promise<void>((resolve) => {
    linked = resolve;
  });
  const open = (self: number, port: number): Promise<Mesh> => {
    const own = certificates[self];
    const peer = certificates[1 - self];
    if (own === undefined || peer === undefined) throw new Error("two certificates");
    const { fingerprint, certPem } = peer;
    return Mesh.open({
      ...{ self, cluster: CLUSTER, certPem: own.certPem, keyPem: own.keyPem },
      peers: [{ id: 1 - self, host: HOST, port, fingerprint, certPem }],
      listen: { host: HOST, port: 0 },
      onFrame: () => {
        received += 1;
        if (received === wanted) done();
      },
      onLink: (_, isUp) => {
        if (isUp && self === 1) linked();
      },
      report: () => undefined,
      log: () => undefined,
    });
  };
  const first = await open(0, 9);
  const second = await open(1, first.port);
  await up;
  return {
    async send(bytes, count) {
      const frame = new Uint8Array(bytes);
      const all = new Promise<void>((resolve) => {
        done = resolve;
      });
      wanted = received + count;
      const begun = process.cpuUsage();
      for (let sent = 0; sent < count; sent += PER_TURN) {
        for (let i = 0; i < PER_TURN; i += 1) second.send(0, frame);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await all;
      const { user, system } = process.cpuUsage(begun);
      return (user + system) / count;
    },
    async close() {
      await Promise.all([first.close(), second.close()]);
    },
  };
}
