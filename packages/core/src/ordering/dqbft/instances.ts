import {
  type Agreement,
  type AgreementParameters,
  type AgreementProtocol,
  type Standing,
  type Superior,
  Verdict,
} from "../../agreement/agreement.ts";
import { Port } from "../../effects/port.ts";
import type { InstanceId, ReplicaId } from "../../kernel/ids.ts";
import { present } from "../../kernel/invariant.ts";
import type { Anchor } from "../../wire/anchor.ts";
import { requestsOf } from "../../wire/batch.ts";
import type { Proposal } from "../../wire/messages.ts";
import { judgeBatch } from "../batch-gate.ts";
import type { OrdererContext } from "../orderer.ts";
import type { Authenticator } from "./authenticator.ts";
import { isPessimistic, judgeOrder, mayDisseminate } from "./gate.ts";
import type { Notice } from "./notices.ts";
import { type OrderLimits, orderListOf, type Reference } from "./order-value.ts";
import type { DqbftRecipe } from "./recipe.ts";

export interface InstancesOptions {
  readonly recipe: DqbftRecipe;
  readonly context: OrdererContext;
  readonly authenticator: Authenticator;
  readonly limits: OrderLimits;
  /** The header of a slot in its D-instance's present view, if it is here. */
  readonly header: (reference: Reference) => Proposal | undefined;
}

/** The instances, for those who look after them. */
export type InstanceTable = Pick<Instances, "of" | "order" | "orderInstance" | "port" | "all">;

/** The n D-instances and the O-instance. What they report is kept until somebody asks, when none of them is on the stack. */
export class Instances {
  readonly order: Agreement;
  readonly orderInstance: InstanceId;
  /** D-instances in the order of their homes, then the O-instance. */
  readonly all: readonly Agreement[];
  readonly #options: InstancesOptions;
  #notices: Notice[] = NONE;
  readonly #ports: readonly Port[];

  constructor(options: InstancesOptions) {
    this.#options = options;
    const { recipe, context, limits } = options;
    this.orderInstance = limits.n;
    this.#ports = Array.from({ length: limits.n + 1 }, (_, instance) => new Port(context.outbox, instance));
    const { orderWindow, disseminationWindow, pullDelay, viewChangeDelay } = context.parameters;
    const disseminating = { window: disseminationWindow, pullDelay, viewChangeDelay };
    const disseminators = Array.from({ length: limits.n }, (_, home) =>
      this.#create(home, recipe.disseminate, this.#disseminating(home), disseminating),
    );
    const ordering = { window: orderWindow, pullDelay, viewChangeDelay };
    this.order = this.#create(this.orderInstance, recipe.order, this.#ordering(), ordering);
    this.all = [...disseminators, this.order];
  }

  /** The instance in which this replica is at home. */
  get own(): Agreement {
    return this.of(this.#options.context.self);
  }

  of(instance: InstanceId): Agreement {
    return present(this.all[instance], "an instance of this cluster");
  }

  /** The way out for messages of this instance's own protocol. */
  port(instance: InstanceId): Port {
    return present(this.#ports[instance], "an instance of this cluster");
  }

  /** Whether they have reported anything since it was last taken. */
  get hasNotices(): boolean {
    return this.#notices.length > 0;
  }

  /** What they reported since it was last asked. */
  takeNotices(): readonly Notice[] {
    const notices = this.#notices;
    this.#notices = NONE;
    return notices;
  }

  /** Field by field: what is made by spreading other objects differs in shape from one to the next, and is slow to look at. */
  #create(
    instance: InstanceId,
    protocol: AgreementProtocol,
    superior: Superior,
    parameters: AgreementParameters,
  ): Agreement {
    const { context, authenticator } = this.#options;
    const { home, faults, members, lowOf, probation } = authenticator.address(instance);
    const { self, hash } = context;
    return protocol.create({
      instance,
      home,
      faults,
      members,
      lowOf,
      probation,
      self,
      hash,
      port: this.port(instance),
      superior,
      parameters,
      silent: context.silent,
    });
  }

  #disseminating(home: ReplicaId): Superior {
    return {
      entered: (standing) => this.#onEntered(home, standing),
      left: () => this.#onLeft(home),
      outrun: (anchor) => this.#onOutrun(anchor),
      judge: (proposal) => this.#judgeBatch(proposal),
      proposed: (proposal) => {
        // What every correct backup refuses is never disseminated: ordered by its header, it would block the order for good.
        // What a new view proposes again, nobody refuses.
        const fresh = proposal.seq > this.of(home).standing.maximum;
        if (fresh && this.#judgeBatch(proposal) !== Verdict.Accept) return;
        this.#report({ type: "disseminating", instance: home, proposal });
      },
      committed: (seq, value) => this.#report({ type: "disseminated", instance: home, seq, value }),
    };
  }

  #onEntered(instance: InstanceId, standing: Standing): void {
    this.#report({ type: "entered", instance, standing });
  }

  #onLeft(instance: InstanceId): void {
    this.#report({ type: "left", instance });
  }

  #onOutrun(anchor: Anchor): void {
    this.#options.context.sequel.outrun(anchor);
  }

  /** There is one at a time, mostly. */
  #report(notice: Notice): void {
    if (this.#notices === NONE) this.#notices = [notice];
    else this.#notices.push(notice);
  }

  #judgeBatch({ view, value }: Proposal): Verdict {
    const { limits, context } = this.#options;
    const batch = present(value, "a fresh proposal has its value");
    const commands = requestsOf(batch, context.hash).length;
    return mayDisseminate(view, limits.n, commands) ? judgeBatch(batch, context.hash) : Verdict.Fault;
  }

  #ordering(): Superior {
    const { limits } = this.#options;
    return {
      entered: (standing) => this.#onEntered(this.orderInstance, standing),
      left: () => this.#onLeft(this.orderInstance),
      outrun: (anchor) => this.#onOutrun(anchor),
      judge: ({ value, evidence }) => {
        this.#report({ type: "judged", evidence });
        const order = present(value, "a fresh proposal has its value");
        return judgeOrder(order, evidence, limits, (reference) => this.#holds(reference));
      },
      proposed: ({ seq, value }) => {
        const order = present(value, "an accepted proposal has its value");
        this.#report({ type: "ordering", seq, list: orderListOf(order) });
      },
      committed: (seq, value) => this.#report({ type: "ordered", seq, list: orderListOf(value) }),
    };
  }

  #holds(reference: Reference): boolean {
    const { instance, seq } = reference;
    if (instance >= this.#options.limits.n) return false;
    const header = this.#options.header(reference);
    return (header !== undefined && !isPessimistic(header)) || this.of(instance).certificate(seq) !== null;
  }
}

const NONE: Notice[] = [];
