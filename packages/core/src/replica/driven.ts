import type { Replica } from "./replica.ts";

/** What a driver needs of a replica: every event that it can bring, and what it asks before. Tests put others in its place. */
export type Driven = Pick<
  Replica,
  | "checks"
  | "receive"
  | "submit"
  | "reassign"
  | "expire"
  | "complete"
  | "restore"
  | "recover"
  | "start"
  | "announce"
> &
  Partial<Pick<Replica, "admits">>;
