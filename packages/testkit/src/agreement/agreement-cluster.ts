import type { Agreement, AgreementProtocol, Standing, Superior } from "@destiny/core/agreement/agreement";
import { GENESIS_MEMBERS, Verdict } from "@destiny/core/agreement/agreement";
import type { Job, JobResult, LogRecord } from "@destiny/core/effects/effects";
import { type Outbox, Port } from "@destiny/core/effects/port";
import type { FaultModel } from "@destiny/core/kernel/fault-model";
import type { InstanceId, Micros, ReplicaId, SequenceNumber, TimerId, View } from "@destiny/core/kernel/ids";
import { present } from "@destiny/core/kernel/invariant";
import type { Misbehaviour } from "@destiny/core/kernel/misbehaviour";
import type { Driven } from "@destiny/core/replica/driven";
import { Anchor, openAnchor, pageLeaf } from "@destiny/core/wire/anchor";
import type { Check } from "@destiny/core/wire/check";
import { checkpointClaim } from "@destiny/core/wire/checkpoint-claim";
import { CheckpointProof, type Message } from "@destiny/core/wire/messages";
import { Reader } from "@destiny/core/wire/reader";
import { decodeUtf8, encodeUtf8 } from "@destiny/core/wire/utf8";
import { Value } from "@destiny/core/wire/value";
import { Writer } from "@destiny/core/wire/writer";
import { digestOf } from "@destiny/crypto/hash/sha256";
import { World } from "@destiny/simulator/cluster/world";
import type { RuleHandle } from "@destiny/simulator/network/network";

const INSTANCE: InstanceId = 0;
const SETTLE_MICROS: Micros = 60_000_000;

/** A value that an instance decided. */
export interface Decision {
  readonly seq: SequenceNumber;
  readonly text: string;
}

/** Judges fresh proposals in place of the layer above. */
export type Judge = (seq: SequenceNumber, text: string) => Verdict;

/** What the cluster wants to know of an instance. */
interface Told {
  readonly window: number;
  readonly told: (self: ReplicaId, decision: Decision) => void;
  readonly outrun: (self: ReplicaId, anchor: Anchor) => void;
}

/** One instance of an agreement, driven like a replica. */
class LoneAgreement implements Driven {
  readonly agreement: Agreement;
  readonly decisions: Decision[] = [];
  readonly proposals: Decision[] = [];
  /** What the instance told the layer above of its views, in order. */
  readonly standings: Standing[] = [];
  /** How often it told the layer above that it left a view. */
  departures = 0;
  readonly #checks: (instance: InstanceId, message: Message) => readonly Check[] | null;

  constructor(
    protocol: AgreementProtocol,
    place: { self: ReplicaId; faults: FaultModel; outbox: Outbox },
    judge: Judge,
    { window, told, outrun }: Told,
  ) {
    const { self, faults, outbox } = place;
    const probation = (count: number): number => 2 * count;
    const site = { instance: INSTANCE, home: 0, faults, members: GENESIS_MEMBERS };
    const address = { ...site, lowOf, probation, hash: digestOf };
    this.#checks = (instance, message) => (instance === INSTANCE ? protocol.checks(address, message) : null);
    const superior: Superior = {
      judge: ({ seq, value }) => judge(seq, decodeUtf8(present(value, "a fresh value").bytes)),
      proposed: ({ seq, value }) =>
        void this.proposals.push({ seq, text: value === null ? "" : decodeUtf8(value.bytes) }),
      committed: (seq, value) => {
        const decision = { seq, text: decodeUtf8(value.bytes) };
        this.decisions.push(decision);
        told(self, decision);
      },
      entered: (standing) => void this.standings.push(standing),
      left: () => {
        this.departures += 1;
      },
      outrun: (anchor) => outrun(self, anchor),
    };
    const parameters = { window, pullDelay: 200_000, viewChangeDelay: 1_000_000 };
    const port = new Port(outbox, INSTANCE);
    this.agreement = protocol.create({ ...address, self, port, superior, parameters, silent: new Set() });
  }

  checks(instance: InstanceId, message: Message): readonly Check[] | null {
    return this.#checks(instance, message);
  }

  receive(from: ReplicaId, _instance: InstanceId, message: Message): void {
    this.agreement.receive(from, message);
  }

  submit(): void {}
  reassign(): void {}
  restore(): void {}

  expire(_instance: InstanceId, timer: TimerId): void {
    this.agreement.expire(timer);
  }

  complete(job: Job, result: JobResult): void {
    this.agreement.complete(job.ticket, result);
  }

  recover(record: LogRecord): void {
    this.agreement.recover(record);
  }

  start(): void {
    this.agreement.resume();
  }

  announce(): void {}
}

/** How far the instance is, in the anchors of {@link AgreementCluster.anchor}. */
function lowOf(anchor: Anchor): SequenceNumber | null {
  const part = openAnchor(anchor, digestOf);
  return part === null ? null : new Reader(part).u48();
}

/** A message on its way between two replicas. */
export interface AgreementLetter {
  readonly from: ReplicaId;
  readonly to: ReplicaId;
  readonly message: Message;
}

export interface AgreementClusterOptions {
  readonly faults: FaultModel;
  readonly window?: number;
  readonly seed?: number;
}

/** Replicas that run one instance of an agreement and nothing else, on the simulator. */
export class AgreementCluster {
  readonly n: number;
  readonly world: World;
  readonly sent: AgreementLetter[] = [];
  /** What each replica's layer above says to fresh proposals. */
  judge: (self: ReplicaId, seq: SequenceNumber, text: string) => Verdict = () => Verdict.Accept;
  readonly #faults: FaultModel;
  readonly #lives: LoneAgreement[] = [];
  readonly #lows: SequenceNumber[];
  readonly #anchors = new Map<SequenceNumber, Anchor>();
  readonly #rules: RuleHandle[] = [];
  /** First decision of every slot, by anybody, ever. */
  readonly #ledger = new Map<SequenceNumber, string>();
  /** Slots for which two replicas decided different values. */
  readonly conflicts: SequenceNumber[] = [];
  /** Anchors that instances asked the layer above to get the state of. */
  readonly outruns: { readonly self: ReplicaId; readonly anchor: Anchor }[] = [];

  constructor(protocol: AgreementProtocol, options: AgreementClusterOptions) {
    const { faults, window = 16, seed = 1 } = options;
    this.n = faults.n;
    this.#faults = faults;
    this.#lows = new Array<SequenceNumber>(faults.n).fill(0);
    this.world = new World({
      faults,
      seed,
      instances: 1,
      create: (self, outbox) => {
        const judge: Judge = (seq, text) => this.judge(self, seq, text);
        const life = new LoneAgreement(protocol, { self, faults, outbox }, judge, {
          window,
          told: (_by, decision) => this.#onDecision(decision),
          outrun: (by, anchor) => void this.outruns.push({ self: by, anchor }),
        });
        const low = this.#lows[self] ?? 0;
        if (low > 0) life.agreement.startFrom(low, this.anchor(low), low);
        this.#lives[self] = life;
        return life;
      },
    });
    this.world.network.watch(
      ({ from, to, content }) => void this.sent.push({ from, to, message: content as Message }),
    );
    this.world.start();
  }

  get replicas(): readonly ReplicaId[] {
    return Array.from({ length: this.n }, (_, self) => self);
  }

  /** Replicas but these. */
  others(...these: readonly ReplicaId[]): readonly ReplicaId[] {
    return this.replicas.filter((replica) => !these.includes(replica));
  }

  agreement(self: ReplicaId): Agreement {
    return this.#life(self).agreement;
  }

  /** What the instance told the layer above since its last start, in the order in which it did. */
  decisions(self: ReplicaId): readonly Decision[] {
    return this.#life(self).decisions;
  }

  /** The certified proposals that it was told of since its last start. */
  proposals(self: ReplicaId): readonly Decision[] {
    return this.#life(self).proposals;
  }

  /** The decided texts in the order of their slots. */
  log(self: ReplicaId): readonly string[] {
    return [...this.decisions(self)].sort((a, b) => a.seq - b.seq).map(({ text }) => text);
  }

  /** The views that it entered since its last start. */
  standings(self: ReplicaId): readonly Standing[] {
    return this.#life(self).standings;
  }

  /** How often it left a view since its last start. */
  departures(self: ReplicaId): number {
    return this.#life(self).departures;
  }

  /** Proposes at the first primary. */
  propose(...texts: readonly string[]): void {
    this.proposeAt(0, ...texts);
  }

  proposeAt(self: ReplicaId, ...texts: readonly string[]): void {
    for (const text of texts) {
      this.act(self, (agreement) => void agreement.propose(Value.of(encodeUtf8(text), digestOf), []));
    }
  }

  /** Lets these replicas leave for a view. */
  suspect(view: View, ...replicas: readonly ReplicaId[]): void {
    for (const replica of replicas) this.act(replica, (agreement) => agreement.suspect(view));
  }

  alive(self: ReplicaId): boolean {
    return this.world.host(self).alive;
  }

  /** Lets the layer above of one replica do something to its instance. */
  act(self: ReplicaId, event: (agreement: Agreement) => void): void {
    this.world.host(self).act(() => event(this.#life(self).agreement));
  }

  advance(self: ReplicaId, low: SequenceNumber): void {
    this.#lows[self] = low;
    const anchor = this.anchor(low);
    this.act(self, (agreement) => agreement.advance(low, anchor));
  }

  /** Gives a replica the state that an anchor is of. */
  jump(self: ReplicaId, anchor: Anchor): void {
    const low = present(lowOf(anchor), "an anchor that opens");
    this.#lows[self] = Math.max(this.#lows[self] ?? 0, low);
    this.#anchors.set(low, anchor);
    this.act(self, (agreement) => agreement.advance(low, anchor));
  }

  /** Proof that slots up to `low` are covered by a stable checkpoint. */
  anchor(low: SequenceNumber): Anchor {
    const known = this.#anchors.get(low);
    if (known !== undefined) return known;
    const part = new Writer(6).u48(low).finish();
    const root = pageLeaf(0, part, digestOf);
    const { trust } = this.world;
    const claim = checkpointClaim(this.#faults, { seq: low, root });
    const shares = this.replicas.map((signer) => {
      const result = trust.certify(signer, trust.createSubsystem(signer), claim);
      return { signer, share: result.type === "certified" ? result.share : new Uint8Array(0) };
    });
    const combined = trust.combine(claim, shares);
    const aggregate = present(
      combined.type === "combined" ? combined.aggregate : null,
      "an aggregate of all",
    );
    const anchor = new Anchor({
      proof: new CheckpointProof({ seq: low, root, aggregate }),
      part,
      pageCount: 1,
      path: [],
    });
    this.#anchors.set(low, anchor);
    return anchor;
  }

  /** Makes a message arrive, whoever it is from. */
  forge(from: ReplicaId, to: ReplicaId, message: Message): void {
    this.world.network.send({ from, to, instance: INSTANCE, content: message });
  }

  drop(rule: (letter: AgreementLetter) => boolean): void {
    const handle = this.world.network.drop(({ from, to, content }) =>
      rule({ from, to, message: content as Message }),
    );
    this.#rules.push(handle);
  }

  /** Nothing is dropped any more. */
  heal(): void {
    for (const handle of this.#rules.splice(0)) handle.lift();
  }

  crash(self: ReplicaId): void {
    this.world.host(self).crash();
  }

  restart(self: ReplicaId): void {
    this.world.host(self).start();
  }

  /** Takes from a replica that is down all that its disk holds: it comes back as a new one whose counters have moved. */
  wipe(self: ReplicaId): void {
    this.world.host(self).disk.wipe();
  }

  settle(): boolean {
    return this.world.settle(SETTLE_MICROS);
  }

  run(span: Micros): void {
    this.world.run(span);
  }

  get timersRunning(): number {
    return this.world.hosts.reduce((sum, host) => sum + host.timersRunning, 0);
  }

  /** Why messages of this peer were refused, by anybody. */
  refusals(peer: ReplicaId): readonly Misbehaviour[] {
    return this.world.reports.filter((report) => report.peer === peer).map(({ reason }) => reason);
  }

  #onDecision({ seq, text }: Decision): void {
    const first = this.#ledger.get(seq);
    if (first === undefined) this.#ledger.set(seq, text);
    else if (first !== text) this.conflicts.push(seq);
  }

  #life(self: ReplicaId): LoneAgreement {
    return present(this.#lives[self], "a replica of this cluster");
  }
}
