import type { Answered } from "@destiny/client/service-client";
import { MalformedOperation } from "@destiny/core/service/service";
import { UsageError } from "../output/failure.ts";

/** The answer; an operation above a limit is wrong usage. */
export async function answered<T>(call: Promise<Answered<T>>): Promise<Answered<T>> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof MalformedOperation) throw new UsageError(error.message);
    throw error;
  }
}
