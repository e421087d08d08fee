import { Request } from "@destiny/core/wire/request";
import { fastDigest } from "@destiny/simulator/trust/fast-digest";
import { operation } from "../load/null-service.ts";

const KEY = "\0".repeat(32);
const SIGNATURE = new Uint8Array(64);

/** Bytes of a request of the evaluation without its payload: all are equally long. */
export const REQUEST_BYTES: number = Request.create(
  { client: KEY, timestamp: 1, operations: [operation(1)] },
  fastDigest,
  () => SIGNATURE,
).bytes.length;
