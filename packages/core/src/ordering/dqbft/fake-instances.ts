import { type Agreement, FIRST_STANDING, type Standing } from "../../agreement/agreement.ts";
import type { Effect } from "../../effects/effects.ts";
import { Jobs } from "../../effects/jobs.ts";
import { Port } from "../../effects/port.ts";
import type { FaultModel } from "../../kernel/fault-model.ts";
import type { InstanceId, ReplicaId, SequenceNumber, View } from "../../kernel/ids.ts";
import { present } from "../../kernel/invariant.ts";
import type { Evidence, Message } from "../../wire/messages.ts";
import type { Value } from "../../wire/value.ts";
import { COMPOSITION } from "../composition.ts";
import type { InstanceTable } from "./instances.ts";

/** For tests: an instance that is as the test says, and notes what is asked of it. */
export class FakeAgreement implements Agreement {
  view: View = 0;
  active = true;
  standing: Standing = FIRST_STANDING;
  primary: ReplicaId;
  mayPropose = true;
  nextSlot: SequenceNumber = 1;
  decided: SequenceNumber = 0;
  known: SequenceNumber = 0;
  low: SequenceNumber = 0;
  readonly proposals: Value[] = [];
  readonly pursued: SequenceNumber[] = [];
  readonly suspected: View[] = [];
  readonly certificates: Map<SequenceNumber, Evidence> = new Map();

  constructor(primary: ReplicaId) {
    this.primary = primary;
  }

  /** It enters a view, whose primary this is. */
  enter(view: View, primary: ReplicaId, maximum: SequenceNumber = 0, extension: number = 0): void {
    this.view = view;
    this.primary = primary;
    this.active = true;
    this.standing = { view, maximum, count: 1, extension };
    this.nextSlot = maximum + 1;
  }

  hasDecided(seq: SequenceNumber): boolean {
    return seq <= this.decided;
  }

  propose(value: Value): SequenceNumber {
    this.proposals.push(value);
    this.nextSlot += 1;
    return this.nextSlot - 1;
  }

  pursue(seq: SequenceNumber): void {
    this.pursued.push(seq);
  }

  reconfigure(): void {}

  suspect(view: View): void {
    this.suspected.push(view);
    this.view = view;
    this.active = false;
  }

  certificate(seq: SequenceNumber): Evidence | null {
    return this.certificates.get(seq) ?? null;
  }

  show(): void {}
  receive(): void {}
  expire(): void {}
  complete(): void {}
  reconsider(): void {}
  advance(): void {}
  startFrom(): void {}
  recover(): void {}
  resume(): void {}
}

/** For tests: what one replica's composition has around it, and the effects that it asked for. */
export class FakeSurroundings {
  readonly effects: Effect[] = [];
  readonly all: readonly FakeAgreement[];
  readonly port: Port;
  readonly jobs: Jobs;
  readonly instances: InstanceTable;

  constructor({ n }: FaultModel) {
    const outbox = { push: (effect: Effect) => void this.effects.push(effect) };
    this.port = new Port(outbox, COMPOSITION);
    this.jobs = new Jobs(this.port);
    this.all = Array.from({ length: n + 1 }, (_, instance) => new FakeAgreement(instance % n));
    const ports = this.all.map((_, instance) => new Port(outbox, instance));
    this.instances = {
      all: this.all,
      orderInstance: n,
      order: this.order,
      of: (instance) => this.d(instance),
      port: (instance) => present(ports[instance], "an instance"),
    };
  }

  d(instance: InstanceId): FakeAgreement {
    return present(this.all[instance], "an instance");
  }

  get order(): FakeAgreement {
    return present(this.all.at(-1), "the O-instance");
  }

  /** Messages sent since it was last asked, as "to" and message; to all is -1. */
  sent(): (readonly [ReplicaId, Message])[] {
    const sent: (readonly [ReplicaId, Message])[] = [];
    for (const effect of this.effects.splice(0)) {
      if (effect.type === "send") sent.push([effect.to, effect.message]);
      if (effect.type === "broadcast") sent.push([-1, effect.message]);
    }
    return sent;
  }
}
