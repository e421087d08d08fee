import { type MessageKind as Kind, MessageKind, Vote } from "../../wire/messages.ts";
import { makeShare } from "../shared/signed-share.ts";
import type { Subject } from "../shared/untrusted/claims.ts";
import type { Instance } from "../shared/untrusted/instance.ts";
import type { Authentication } from "./checks.ts";
import { commitClaim, prepareClaim } from "./claims.ts";
import type { Slot } from "./slot.ts";

const NOTHING: Uint8Array = new Uint8Array(0);

/** Sends votes of ours to all, signed if this variant wants that. */
export class Caster {
  readonly #authentication: Authentication;
  readonly #instance: Instance<Slot>;

  constructor(authentication: Authentication, instance: Instance<Slot>) {
    this.#authentication = authentication;
    this.#instance = instance;
  }

  /** Sends this vote, unless its view is over by then. */
  cast(kind: Kind, { view, seq, digest }: Subject, then: (vote: Vote) => void): void {
    const { context, jobs, self } = this.#instance;
    const send = (share: Uint8Array): void => {
      if (this.#instance.view !== view || !this.#instance.active) return;
      const vote = new Vote({ kind, view, seq, digest, share });
      context.port.broadcast(vote);
      then(vote);
    };
    if (this.#authentication === "mac") return send(NOTHING);
    const claimOf = kind === MessageKind.PbftPrepare ? prepareClaim : commitClaim;
    jobs.certify(claimOf(context.instance, { view, seq, digest }), (result) => {
      if (result.type === "certified") send(makeShare(self, result.certificate));
    });
  }
}
