import { expect, test } from "vitest";
import { decodeReplicaMessage, encodeReplicaMessage } from "./client-protocol.ts";
import { DecodeError } from "./reader.ts";
import { type Refusal, RefusalCode } from "./reply.ts";

const refusal = { type: "refusal", client: "c".repeat(32), timestamp: 5, coordinator: 1 } as const;

test("a refusal for want of a home names who else has none; no other names any", () => {
  const noHome: Refusal = { ...refusal, code: RefusalCode.NoHome, away: [1, 4, 700] };
  expect(decodeReplicaMessage(encodeReplicaMessage(noHome))).toEqual(noHome);
  const busy: Refusal = { ...refusal, code: RefusalCode.Busy, away: [1] };
  expect(decodeReplicaMessage(encodeReplicaMessage(busy))).toEqual({ ...refusal, code: RefusalCode.Busy });
});

test("a list longer than any cluster is refused before it is read", () => {
  const away = Array.from({ length: 1025 }, () => 1);
  const bytes = encodeReplicaMessage({ ...refusal, code: RefusalCode.NoHome, away });
  expect(() => decodeReplicaMessage(bytes)).toThrow(DecodeError);
});
