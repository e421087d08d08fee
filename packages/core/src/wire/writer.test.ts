import { expect, test } from "vitest";
import { Reader } from "./reader.ts";
import { Writer } from "./writer.ts";

test("every field survives that the buffer grows under it", () => {
  for (let capacity = 1; capacity < 60; capacity += 1) {
    const out = new Writer(capacity).u8(1).u16(2).u32(3).u48(4).digest("d".repeat(32));
    const input = new Reader(out.bytes(Uint8Array.of(5, 6, 7)).finish());

    expect([input.u8(), input.u16(), input.u32(), input.u48(), input.digest()]).toEqual([
      1,
      2,
      3,
      4,
      "d".repeat(32),
    ]);
    expect([...input.bytes(3)]).toEqual([5, 6, 7]);
    input.end();
  }
});
