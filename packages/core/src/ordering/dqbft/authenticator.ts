import type { InstanceAddress } from "../../agreement/agreement.ts";
import type { InstanceId } from "../../kernel/ids.ts";
import { present } from "../../kernel/invariant.ts";
import type { Parameters } from "../../parameters.ts";
import type { Check } from "../../wire/check.ts";
import { assignCheck } from "../../wire/client-checks.ts";
import {
  Challenge,
  HeaderRelay,
  Health,
  Need,
  Reinstate,
  Rejoin,
  reinstateCheck,
} from "../../wire/composition.ts";
import { AssignRequest, type Evidence, type Message, Proposal, Pull } from "../../wire/messages.ts";
import type { Hash } from "../../wire/value.ts";
import { batchChecks, valueIn } from "../batch-gate.ts";
import { COMPOSITION } from "../composition.ts";
import type { OrdererContext } from "../orderer.ts";
import { orderListOf } from "./order-value.ts";
import { lowIn } from "./orderer-part.ts";
import type { DqbftRecipe } from "./recipe.ts";

/** Says what must hold for a message of any instance to be authentic, evidence and client signatures included. */
export class Authenticator {
  readonly #recipe: DqbftRecipe;
  readonly #hash: Hash;
  readonly #addresses: readonly InstanceAddress[];

  constructor(
    recipe: DqbftRecipe,
    place: Pick<OrdererContext, "faults" | "hash" | "parameters" | "members">,
  ) {
    const { faults, hash, parameters, members } = place;
    this.#recipe = recipe;
    this.#hash = hash;
    this.#addresses = Array.from({ length: faults.n + 1 }, (_, instance) => ({
      instance,
      home: instance % faults.n,
      faults,
      members,
      lowOf: (anchor) => lowIn(anchor, instance, faults.n, hash),
      probation: (count) => (instance < faults.n ? probation(count, parameters) : 0),
      hash,
    }));
  }

  /** Instances 0 to n − 1 disseminate, n orders; replica 0 is the O-instance's first primary. */
  address(instance: InstanceId): InstanceAddress {
    return present(this.#addresses[instance], "an instance of this cluster");
  }

  /** Null if the message is none for this instance. */
  checks(instance: InstanceId, message: Message): readonly Check[] | null {
    if (instance < this.#n) {
      return batchChecks(this.#recipe.disseminate, this.address(instance), message, this.#hash);
    }
    if (instance === this.#n) return this.#orderChecks(instance, message);
    return instance === COMPOSITION ? this.#ownChecks(message) : null;
  }

  /** Whether a D-instance's protocol knows what to do with a Pull. */
  get answersPulls(): boolean {
    return this.#recipe.disseminate.checks(this.address(0), new Pull(1, 1, true)) !== null;
  }

  /** The composition's own messages. Complaints are not among them. */
  #ownChecks(message: Message): readonly Check[] | null {
    if (message instanceof AssignRequest) return [assignCheck(message)];
    if (message instanceof HeaderRelay) {
      return this.#evidenceChecks({ instance: message.instance, message: message.header });
    }
    if (message instanceof Reinstate) return message.signer < this.#n ? [reinstateCheck(message)] : null;
    // Authentic by their channel: they prove nothing to anybody else.
    return [Need, Rejoin, Challenge, Health].some((kind) => message instanceof kind) ? [] : null;
  }

  #orderChecks(instance: InstanceId, message: Message): readonly Check[] | null {
    const own = this.#recipe.order.checks(this.address(instance), message);
    const value = valueIn(message);
    if (own === null || value === null) return own;
    const checks = [...own];
    for (const item of message instanceof Proposal ? message.evidence : []) {
      const about = this.#evidenceChecks(item);
      if (about === null) return null;
      checks.push(...about);
    }
    for (const entry of orderListOf(value).entries) {
      if (entry.type === "assign" && entry.request.valid === null) checks.push(assignCheck(entry.request));
    }
    return checks;
  }

  #evidenceChecks(evidence: Evidence): readonly Check[] | null {
    const { instance, message } = evidence;
    return instance < this.#n ? this.#recipe.disseminate.checks(this.address(instance), message) : null;
  }

  get #n(): number {
    return this.#addresses.length - 1;
  }
}

/** `P0 * 2^min(cap, count - 1)` D-slots after view changes, none before the first (dqbft.md 4.2). */
function probation(count: number, parameters: Pick<Parameters, "probationSlots" | "probationCap">): number {
  const { probationSlots, probationCap } = parameters;
  return count === 0 ? 0 : probationSlots * 2 ** Math.min(probationCap, count - 1);
}
