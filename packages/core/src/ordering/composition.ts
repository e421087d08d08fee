import type { InstanceId } from "../kernel/ids.ts";

/** The address of an orderer itself, beside those of its instances. */
export const COMPOSITION: InstanceId = 0xfffe;
