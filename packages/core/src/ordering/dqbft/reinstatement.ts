import type { Members } from "../../agreement/agreement.ts";
import type { Jobs } from "../../effects/jobs.ts";
import type { Port } from "../../effects/port.ts";
import type { FaultModel } from "../../kernel/fault-model.ts";
import type { Micros, ReplicaId, SequenceNumber, TimerId, View } from "../../kernel/ids.ts";
import { Challenge, Health, Reinstate, Rejoin, reinstateClaim } from "../../wire/composition.ts";
import type { Hash } from "../../wire/value.ts";
import { passOn, seedOf } from "../passing-on.ts";
import { BackOff } from "./back-off.ts";
import type { InstanceTable } from "./instances.ts";

export interface ReinstatementOptions {
  readonly self: ReplicaId;
  readonly faults: FaultModel;
  readonly port: Port;
  readonly jobs: Jobs;
  readonly hash: Hash;
  readonly instances: InstanceTable;
  /** Of our own wish to come back. */
  readonly rejoinTimer: TimerId;
  /** Of what we grant to replica j: this plus j. */
  readonly grantTimer: TimerId;
  readonly delay: Micros;
  /** Last slot of the global order that is executed here, and the newest stable checkpoint known. */
  readonly executed: () => SequenceNumber;
  readonly stable: () => SequenceNumber;
  /** Who has no identity leads no view. */
  readonly members: Pick<Members, "ownSince" | "configuration">;
  /** The D-instance goes to a view of its home: its timers are short again. */
  readonly granted: (instance: ReplicaId) => void;
}

/**
 * A replica that is back gets its D-instance back (DQBFT 3.2.5, dqbft.md 6): it says so, the others look whether it is well, and
 * when enough of them that one is correct agree on a view, all go there at once.
 *
 * Deviation: a replica that answers is well. The votes that dqbft.md 6 looks for too are seen by collectors alone where
 * agreement is linear; who answers and does not vote costs one view change per period of the back-off (H16).
 *
 * Deviation: nobody gives back a D-instance that is between views, which dqbft.md 6 allows. Where its home cannot open a view (its
 * subsystem is a new one, which has no voice before the instance has entered a view) nor the next can, each return to the home
 * would cut the way short to those who can: the time between returns doubles as that of view changes does.
 */
export class Reinstatement {
  readonly #options: ReinstatementOptions;
  readonly #rejoining: BackOff;
  /** Made with the first grant to each replica. */
  readonly #grants: (BackOff | null)[];
  #nonce = 0;
  /** Replicas that have asked for their D-instance, while it was between views. */
  readonly #wishes = new Set<ReplicaId>();
  /** By replica: the challenge that it has to answer. */
  readonly #challenges = new Map<ReplicaId, number>();
  /** By D-instance, and by who signed it: the newest view that a replica would give it back in. */
  readonly #votes = new Map<ReplicaId, Map<ReplicaId, Reinstate>>();
  /** D-instances that were given back, and have entered no view since. */
  readonly #unopened = new Set<ReplicaId>();
  /** By D-instance: the view that we have signed or are about to sign. */
  readonly #signed = new Map<ReplicaId, View>();
  /** By D-instance: the newest view that enough others have said, passed on once. We may not be there yet, or never go. */
  readonly #passed = new Map<ReplicaId, View>();

  constructor(options: ReinstatementOptions) {
    this.#options = options;
    const { port, delay, rejoinTimer, faults } = options;
    this.#rejoining = new BackOff(port, rejoinTimer, delay);
    this.#grants = new Array<null>(faults.n).fill(null);
  }

  /** A D-instance has left its view, or entered one. */
  onView(instance: ReplicaId): void {
    this.#grants[instance]?.disturb();
    this.#lookWhoOpened(instance);
    if (instance === this.#options.self) this.#rejoin();
    this.#hear(instance);
  }

  /** A home that was given its D-instance back and opened no view waits anew, from when a substitute has opened one (H16). */
  #lookWhoOpened(instance: ReplicaId): void {
    if (this.#isBetweenViews(instance) || !this.#unopened.delete(instance)) return;
    if (this.#isAway(instance)) this.#grants[instance]?.start();
  }

  /** One of our timers has expired. Whether it was ours. */
  expire(timer: TimerId): void {
    const { rejoinTimer, grantTimer } = this.#options;
    if (timer !== rejoinTimer) return this.#grants[timer - grantTimer]?.expire();
    this.#rejoining.expire();
    this.#rejoin();
  }

  onRejoin(from: ReplicaId, _message: Rejoin): void {
    this.#wishes.add(from);
    this.#hear(from);
  }

  /** A wish is heard once the instance has entered a view: its home may be ready long before. */
  #hear(instance: ReplicaId): void {
    if (!this.#wishes.has(instance) || this.#isBetweenViews(instance)) return;
    this.#wishes.delete(instance);
    if (!this.#mayGrant(instance)) return;
    if (instance === this.#options.self) return this.#sign(instance, this.#next(instance));
    this.#nonce += 1;
    this.#challenges.set(instance, this.#nonce);
    this.#options.port.send(instance, new Challenge(this.#nonce));
  }

  onChallenge(from: ReplicaId, { nonce }: Challenge): void {
    this.#options.port.send(from, new Health(nonce, this.#options.executed()));
  }

  onHealth(from: ReplicaId, { nonce, executed }: Health): void {
    if (this.#challenges.get(from) !== nonce) return;
    this.#challenges.delete(from);
    if (executed < this.#options.stable() || !this.#mayGrant(from)) return;
    this.#sign(from, this.#next(from));
  }

  /** A signed word for a replica, from whoever passed it on. */
  onReinstate(reinstate: Reinstate): void {
    const { instance, view, signer } = reinstate;
    const { n } = this.#options.faults;
    if (instance >= n || view % n !== 0 || view <= this.#known(instance)) return;
    const votes = this.#votes.get(instance) ?? new Map<ReplicaId, Reinstate>();
    this.#votes.set(instance, votes);
    if ((votes.get(signer)?.view ?? 0) >= view) return;
    votes.set(signer, reinstate);
    this.#count(instance, view, votes);
  }

  /** Nobody leaves alone: the others are shown why, and the views between are skipped. */
  #count(instance: ReplicaId, view: View, votes: ReadonlyMap<ReplicaId, Reinstate>): void {
    const { self, faults, instances, granted, port, hash } = this.#options;
    const equal = [...votes.values()].filter((vote) => vote.view === view);
    if (equal.length < faults.oneCorrect) return;
    for (const vote of equal)
      passOn(port, { self, n: faults.n }, vote, seedOf(hash(reinstateClaim(vote).message)));
    this.#votes.delete(instance);
    this.#passed.set(instance, view);
    this.#grant(instance).start();
    this.#unopened.add(instance);
    instances.of(instance).suspect(view);
    granted(instance);
  }

  #sign(instance: ReplicaId, view: View): void {
    if ((this.#signed.get(instance) ?? 0) >= view) return this.#sayAgain(instance, view);
    this.#signed.set(instance, view);
    const { jobs, self, port } = this.#options;
    jobs.certify(reinstateClaim({ instance, view }), (result) => {
      if (result.type !== "certified") return;
      const reinstate = new Reinstate({ instance, view, signer: self, certificate: result.certificate });
      port.broadcast(reinstate);
      this.onReinstate(reinstate);
    });
  }

  /** The replica asked again: perhaps our word was lost. */
  #sayAgain(instance: ReplicaId, view: View): void {
    const own = this.#votes.get(instance)?.get(this.#options.self);
    if (own?.view === view) this.#options.port.broadcast(own);
  }

  /**
   * Asks for our D-instance, now and again, while a substitute has it. Our own word counts: where n = 2f + 1 and f are silent,
   * the others are too few.
   */
  #rejoin(): void {
    const { self, port } = this.#options;
    const { ownSince, configuration } = this.#options.members;
    if (!this.#isAway(self) || ownSince > configuration) return;
    if (this.#rejoining.running) return;
    this.#nonce += 1;
    port.broadcast(new Rejoin(this.#nonce));
    this.#rejoining.start();
    this.#wishes.add(self);
    this.#hear(self);
  }

  #mayGrant(instance: ReplicaId): boolean {
    if (!this.#isAway(instance) || this.#isBetweenViews(instance)) return false;
    const grant = this.#grants[instance];
    return grant === null || grant?.running === false;
  }

  #grant(instance: ReplicaId): BackOff {
    const { port, delay, grantTimer } = this.#options;
    const grant = this.#grants[instance] ?? new BackOff(port, grantTimer + instance, delay);
    this.#grants[instance] = grant;
    return grant;
  }

  #isBetweenViews(instance: ReplicaId): boolean {
    return !this.#options.instances.of(instance).active;
  }

  #isAway(instance: ReplicaId): boolean {
    return this.#options.instances.of(instance).view % this.#options.faults.n !== 0;
  }

  /** The newest view that it is in or that we have told the others of. */
  #known(instance: ReplicaId): View {
    return Math.max(this.#options.instances.of(instance).view, this.#passed.get(instance) ?? 0);
  }

  /** The next view of its home above its present one. */
  #next(instance: ReplicaId): View {
    const { n } = this.#options.faults;
    return (Math.floor(this.#options.instances.of(instance).view / n) + 1) * n;
  }
}
