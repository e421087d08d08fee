import type { FaultModel } from "../../kernel/fault-model.ts";
import type { InstanceId } from "../../kernel/ids.ts";
import type { Check } from "../../wire/check.ts";
import { assignCheck } from "../../wire/client-checks.ts";
import { AssignRequest, type Evidence, type Message, Proposal } from "../../wire/messages.ts";
import type { Hash } from "../../wire/value.ts";
import { batchChecks } from "../batch-gate.ts";
import { orderListOf } from "./order-value.ts";
import { COMPOSITION, type DqbftRecipe } from "./recipe.ts";

/** Says what must hold for a message of any instance to be authentic, evidence and client signatures included. */
export class Authenticator {
  readonly #recipe: DqbftRecipe;
  readonly #faults: FaultModel;
  readonly #hash: Hash;

  constructor(recipe: DqbftRecipe, faults: FaultModel, hash: Hash) {
    this.#recipe = recipe;
    this.#faults = faults;
    this.#hash = hash;
  }

  /** Null if the message is none for this instance. */
  checks(instance: InstanceId, message: Message): readonly Check[] | null {
    const { n } = this.#faults;
    if (instance < n) {
      const address = { instance, home: instance, faults: this.#faults };
      return batchChecks(this.#recipe.disseminate, address, message, this.#hash);
    }
    if (instance === n) return this.#orderChecks(instance, message);
    if (instance === COMPOSITION && message instanceof AssignRequest) return [assignCheck(message)];
    return null;
  }

  #orderChecks(instance: InstanceId, message: Message): readonly Check[] | null {
    const own = this.#recipe.order.checks({ instance, home: 0, faults: this.#faults }, message);
    if (own === null || !(message instanceof Proposal) || message.value === null) return own;
    const checks = [...own];
    for (const item of message.evidence) {
      const about = this.#evidenceChecks(item);
      if (about === null) return null;
      checks.push(...about);
    }
    for (const entry of orderListOf(message.value).entries) {
      if (entry.type === "assign" && entry.request.valid === null) checks.push(assignCheck(entry.request));
    }
    return checks;
  }

  #evidenceChecks(evidence: Evidence): readonly Check[] | null {
    const { instance, message } = evidence;
    if (instance >= this.#faults.n) return null;
    return this.#recipe.disseminate.checks({ instance, home: instance, faults: this.#faults }, message);
  }
}
