import {
  type Agreement,
  type AgreementParameters,
  type AgreementProtocol,
  type Superior,
  Verdict,
} from "../../agreement/agreement.ts";
import { Port } from "../../effects/port.ts";
import type { InstanceId, ReplicaId } from "../../kernel/ids.ts";
import { present } from "../../kernel/invariant.ts";
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
  readonly #notices: Notice[] = [];
  readonly #ports: readonly Port[];

  constructor(options: InstancesOptions) {
    this.#options = options;
    const { recipe, context, limits } = options;
    this.orderInstance = limits.n;
    this.#ports = Array.from({ length: limits.n + 1 }, (_, instance) => new Port(context.outbox, instance));
    const { orderWindow, disseminationWindow } = context.parameters;
    const disseminators = Array.from({ length: limits.n }, (_, home) =>
      this.#create(home, recipe.disseminate, this.#disseminating(home), disseminationWindow),
    );
    this.order = this.#create(this.orderInstance, recipe.order, this.#ordering(), orderWindow);
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

  /** What they reported since it was last asked. */
  takeNotices(): readonly Notice[] {
    return this.#notices.length === 0 ? NONE : this.#notices.splice(0);
  }

  #create(instance: InstanceId, protocol: AgreementProtocol, superior: Superior, window: number): Agreement {
    const { context, authenticator } = this.#options;
    const { self, hash, parameters } = context;
    const { pullDelay, viewChangeDelay } = parameters;
    const own: AgreementParameters = { window, pullDelay, viewChangeDelay };
    const place = { self, hash, port: this.port(instance), superior, parameters: own };
    return protocol.create({ ...authenticator.address(instance), ...place });
  }

  #views(instance: InstanceId): Pick<Superior, "entered" | "left" | "outrun"> {
    return {
      entered: (standing) => void this.#notices.push({ type: "entered", instance, standing }),
      left: () => void this.#notices.push({ type: "left", instance }),
      outrun: (anchor) => this.#options.context.sequel.outrun(anchor),
    };
  }

  #disseminating(home: ReplicaId): Superior {
    return {
      ...this.#views(home),
      judge: (proposal) => this.#judgeBatch(proposal),
      proposed: (proposal) => {
        // What every correct backup refuses is never disseminated: ordered by its header, it would block the order for good.
        // What a new view proposes again, nobody refuses.
        const fresh = proposal.seq > this.of(home).standing.maximum;
        if (fresh && this.#judgeBatch(proposal) !== Verdict.Accept) return;
        this.#notices.push({ type: "disseminating", instance: home, proposal });
      },
      committed: (seq, value) =>
        void this.#notices.push({ type: "disseminated", instance: home, seq, value }),
    };
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
      ...this.#views(this.orderInstance),
      judge: ({ value, evidence }) => {
        this.#notices.push({ type: "judged", evidence });
        const order = present(value, "a fresh proposal has its value");
        return judgeOrder(order, evidence, limits, (reference) => this.#holds(reference));
      },
      proposed: ({ seq, value }) => {
        const order = present(value, "an accepted proposal has its value");
        this.#notices.push({ type: "ordering", seq, list: orderListOf(order) });
      },
      committed: (seq, value) => void this.#notices.push({ type: "ordered", seq, list: orderListOf(value) }),
    };
  }

  #holds(reference: Reference): boolean {
    const { instance, seq } = reference;
    if (instance >= this.#options.limits.n) return false;
    const header = this.#options.header(reference);
    return (header !== undefined && !isPessimistic(header)) || this.of(instance).certificate(seq) !== null;
  }
}

const NONE: readonly Notice[] = [];
