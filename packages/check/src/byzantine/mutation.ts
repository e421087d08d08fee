import type { InstanceId } from "@destiny/core/kernel/ids";
import type { Random } from "@destiny/core/kernel/random";
import { decodeFrame, encodeFrame } from "@destiny/core/wire/codec";
import type { Message } from "@destiny/core/wire/messages";
import { digestOf } from "@destiny/crypto/hash/sha256";

type Fields = Record<string, unknown>;

/** The message as its receiver gets it: a copy of its own, made of the bytes. Null if no bytes say it. */
export function copied(instance: InstanceId, message: Message): Message | null {
  try {
    return decodeFrame(encodeFrame(instance, message), digestOf).message;
  } catch {
    return null;
  }
}

/** Numbers that boundaries are made of. */
const NUMBERS = [0, 1, 2, 255, 65_535, 2 ** 32, 2 ** 48 - 1];

/**
 * A small change to one field of a message, at any depth (ByzzFuzz's small scope: views and slots next to the right ones,
 * other digests, lists without an element). It went over the wire: null if no bytes say it.
 */
export function mutated(instance: InstanceId, message: Message, random: Random): Message | null {
  return copied(instance, mutate(message, random) as Message); // Else who gets the bytes refuses the frame.
}

function mutate(value: object, random: Random): object {
  const copy = Object.assign(Object.create(Object.getPrototypeOf(value)), value) as Fields;
  const names = Object.keys(copy).filter((name) => name !== "kind" && copy[name] !== null);
  const name = names[random.below(names.length)];
  if (name !== undefined) copy[name] = mutateField(copy[name], random);
  return copy;
}

function mutateField(field: unknown, random: Random): unknown {
  if (typeof field === "number") return mutateNumber(field, random);
  if (typeof field === "boolean") return !field;
  if (typeof field === "string") return mutateDigest(field, random);
  if (field instanceof Uint8Array) return mutateBytes(field, random);
  if (Array.isArray(field)) return mutateList(field, random);
  return typeof field === "object" && field !== null ? mutate(field, random) : field;
}

function mutateNumber(field: number, random: Random): number {
  if (random.chance(0.3)) return NUMBERS[random.below(NUMBERS.length)] ?? 0;
  return Math.max(0, field + (random.chance(0.5) ? 1 : -1) * (1 + random.below(3)));
}

function mutateDigest(field: string, random: Random): string {
  if (random.chance(0.5)) return digestOf(Uint8Array.of(random.below(256)));
  return String.fromCharCode(field.charCodeAt(0) ^ 1) + field.slice(1);
}

function mutateBytes(field: Uint8Array, random: Random): Uint8Array {
  if (field.length === 0 || random.chance(0.2)) return new Uint8Array(random.below(8));
  const copy = field.slice();
  copy[random.below(copy.length)] = random.below(256);
  return copy;
}

function mutateList(list: readonly unknown[], random: Random): unknown[] {
  const copy = [...list];
  const index = random.below(copy.length);
  const choice = random.below(4);
  if (copy.length === 0) return copy;
  if (choice === 0) copy.splice(index, 1);
  else if (choice === 1) copy.splice(index, 0, copy[random.below(copy.length)]);
  else if (choice === 2) copy.reverse();
  else copy[index] = mutateField(copy[index], random);
  return copy;
}
