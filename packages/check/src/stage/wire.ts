import { decodeFrame, encodeFrame } from "@destiny/core/wire/codec";
import type { Message } from "@destiny/core/wire/messages";
import { digestOf } from "@destiny/crypto/hash/sha256";
import type { Parcel } from "@destiny/simulator/network/network";
import { demand } from "../oracles/violation.ts";
import type { Stage } from "./stage.ts";

/**
 * Sends what replicas send each other as bytes, so that every receiver has a message of its own: what one of them has noted in
 * it no other knows. W1: whatever a correct replica sends has bytes, and they say what it meant.
 */
export function sendBytes({ world, faults, faulty }: Stage): void {
  const { n } = faults;
  world.network.transcribe((parcel) => {
    if (parcel.from >= n || parcel.to >= n) return parcel;
    const content = copyOf(parcel);
    const isFaulty = faulty.has(parcel.from);
    demand(content !== null || isFaulty, "W1 wire", () => `replica ${parcel.from} sends what has no bytes`);
    return content === null ? null : { ...parcel, content };
  });
}

/** Null if the bytes are not those of a message, or not the same again. */
function copyOf({ instance, content }: Parcel): Message | null {
  try {
    const bytes = encodeFrame(instance, content as Message);
    const { message } = decodeFrame(bytes, digestOf);
    return Buffer.compare(encodeFrame(instance, message), bytes) === 0 ? message : null;
  } catch {
    return null;
  }
}
