import { expect, test } from "vitest";
import { decodeOperation, encodeOperation, OperationKind } from "./operation.ts";

test("commands and queries keep their kind and their body", () => {
  for (const kind of [OperationKind.Command, OperationKind.Query]) {
    expect(decodeOperation(encodeOperation(kind, Uint8Array.of(7, 8)))).toEqual({
      kind,
      body: Uint8Array.of(7, 8),
    });
    expect(decodeOperation(encodeOperation(kind, new Uint8Array(0)))).toEqual({
      kind,
      body: new Uint8Array(0),
    });
  }
  expect(encodeOperation(OperationKind.Command, Uint8Array.of(9))).toEqual(Uint8Array.of(0, 9));
});

test("nothing, and any other first byte, is no operation", () => {
  expect(decodeOperation(new Uint8Array(0))).toBeNull();
  for (let kind = 2; kind < 256; kind += 1) expect(decodeOperation(Uint8Array.of(kind, 1))).toBeNull();
});
