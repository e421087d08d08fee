import type { Jobs } from "../effects/jobs.ts";
import type { Port } from "../effects/port.ts";
import type { ReplicaId } from "../kernel/ids.ts";
import { Admission, encodeAdmission } from "../wire/admission.ts";
import { Forward } from "../wire/forward.ts";
import { Request } from "../wire/request.ts";
import type { Hash } from "../wire/value.ts";
import type { ClientTable } from "./client-table.ts";
import type { Identities, Membership } from "./membership.ts";

export interface ReadmissionOptions {
  readonly self: ReplicaId;
  readonly hash: Hash;
  readonly port: Port;
  readonly jobs: Jobs;
  readonly clients: ClientTable;
  readonly members: Membership;
  readonly identities: Identities | null;
}

/** The wish of a replica whose trusted subsystem is a new one: to be admitted under its identity (hybster.md 10.1). */
export class Readmission {
  readonly #options: ReadmissionOptions;

  constructor(options: ReadmissionOptions) {
    this.#options = options;
  }

  /** A status period has passed: says it, again and again, until it is executed. */
  tick(): void {
    const { self, identities, members, clients, hash, jobs } = this.#options;
    const host = identities?.genesis[self]?.hostKey;
    if (identities === null || host === undefined || members.ownSince <= members.configuration) return;
    const admission = new Admission(self, members.epochOf(self), identities.own);
    const fields = {
      client: host,
      timestamp: clients.last(host) + 1,
      operations: [encodeAdmission(admission)],
    };
    const { digest } = Request.create(fields, hash, () => UNSIGNED);
    jobs.certify({ type: "request", digest }, (result) => {
      if (result.type !== "certified") return;
      this.#options.port.broadcast(new Forward(Request.create(fields, hash, () => result.certificate)));
    });
  }
}

const UNSIGNED: Uint8Array = new Uint8Array(64);
