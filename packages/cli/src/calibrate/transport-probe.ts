import type { TransportCosts } from "@destiny/experiments/calibrate/modern-profile";
import { echoMicros } from "./echo-probe.ts";
import { perFrame } from "./per-frame.ts";
import { openProbeMesh, probeCertificates } from "./probe-mesh.ts";

const SMALL_BYTES = 150;
const LARGE_BYTES = 106_000;
const SMALL_FRAMES = 20_000;
const LARGE_FRAMES = 400;
/** Frames handed over in one turn of the loop: as many as a replica sends while it deals with a batch. */
const PER_TURN = 20;
const LONE_FRAMES = 10_000;
const ECHOES = 1_000;
/** Until a frame comes back: the loop sleeps meanwhile. */
const ECHO_MILLIS = 1;

/**
 * What a frame costs our transport here, in time of the processor: one process sends to itself, through TLS. Half of it counts as
 * sending and half as receiving.
 *
 * In a stream, where many frames share a write, a record of TLS and a read, that is the price of the frame. What a lone frame costs
 * more, when it goes to and fro and the loop never sleeps, is the price of these three: half for the end that writes, half for the
 * one that reads. What it costs yet more when the loop has slept before is the price of being woken.
 */
export async function transportCosts(): Promise<TransportCosts> {
  const pair = await openPair();
  try {
    await pair.send(SMALL_BYTES, SMALL_FRAMES / 10);
    const small = await pair.send(SMALL_BYTES, SMALL_FRAMES);
    const large = await pair.send(LARGE_BYTES, LARGE_FRAMES);
    const perByte = (Math.max(0, large - small) * 1_000) / (LARGE_BYTES - SMALL_BYTES);
    await pair.alternate(SMALL_BYTES, LONE_FRAMES / 10);
    const lone = Math.max(small, await pair.alternate(SMALL_BYTES, LONE_FRAMES));
    const woken = await echoMicros(SMALL_BYTES, ECHO_MILLIS, ECHOES);
    return {
      ...{ sendMicros: small / 2, receiveMicros: small / 2 },
      ...{ sendNanosPerByte: perByte / 2, receiveNanosPerByte: perByte / 2 },
      ...{ readMicros: (lone - small) / 2, flushMicros: (lone - small) / 2 },
      wakeMicros: Math.max(0, woken - lone),
    };
  } finally {
    await pair.close();
  }
}

/** Micros of the processor per frame, both ends together. */
interface Pair {
  /** A stream of frames. */
  send(bytes: number, count: number): Promise<number>;
  /** One frame at a time, to and fro. */
  alternate(bytes: number, count: number): Promise<number>;
  close(): Promise<void>;
}

async function openPair(): Promise<Pair> {
  const certificates = await probeCertificates();
  let onFrame: (self: number) => void = () => undefined;
  let linked: () => void = () => undefined;
  const up = new Promise<void>((resolve) => {
    linked = resolve;
  });
  const first = await openProbeMesh({ self: 0, certificates, onFrame: () => onFrame(0) });
  const { port } = first;
  const second = await openProbeMesh({
    self: 1,
    certificates,
    port,
    onFrame: () => onFrame(1),
    onUp: linked,
  });
  await up;

  /** Until so many frames have arrived; `next` is called between them. */
  const arrivals = (count: number, next: (self: number) => void): Promise<void> =>
    new Promise((resolve) => {
      let left = count;
      onFrame = (self) => {
        left -= 1;
        if (left === 0) resolve();
        else next(self);
      };
    });
  return {
    send: (bytes, count) =>
      perFrame(count, async () => {
        const frame = new Uint8Array(bytes);
        const all = arrivals(count, () => undefined);
        for (let sent = 0; sent < count; sent += PER_TURN) {
          for (let i = 0; i < PER_TURN; i += 1) second.send(0, frame);
          await new Promise((resolve) => setImmediate(resolve));
        }
        await all;
      }),
    alternate: (bytes, count) =>
      perFrame(count, () => {
        const frame = new Uint8Array(bytes);
        const all = arrivals(count, (self) => (self === 0 ? first.send(1, frame) : second.send(0, frame)));
        second.send(0, frame);
        return all;
      }),
    async close() {
      await Promise.all([first.close(), second.close()]);
    },
  };
}
