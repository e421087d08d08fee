import { hash } from "node:crypto";
import { expect, test } from "vitest";
import {
  type Agreement,
  type AgreementContext,
  type AgreementProtocol,
  FIRST_STANDING,
  GENESIS_MEMBERS,
  Verdict,
} from "../../agreement/agreement.ts";
import type { Effect } from "../../effects/effects.ts";
import { FaultModel } from "../../kernel/fault-model.ts";
import type { Digest } from "../../kernel/ids.ts";
import { defaultParameters } from "../../parameters.ts";
import type { Anchor } from "../../wire/anchor.ts";
import { encodeBatch, requestsOf } from "../../wire/batch.ts";
import { MessageKind, Proposal } from "../../wire/messages.ts";
import { Request } from "../../wire/request.ts";
import { Complaint } from "../../wire/suspicion.ts";
import { Value } from "../../wire/value.ts";
import { COMPOSITION } from "../composition.ts";
import type { Orderer } from "../orderer.ts";
import { single } from "./single.ts";
import { encodePart } from "./single-part.ts";

const digestOf = (bytes: Uint8Array): string => hash("sha256", bytes, "binary");
const parameters = defaultParameters(5, { orderWindow: 16, checkpointPeriod: 8, suspicionDelay: 8000 });

/** An instance that does what the test says. */
class ScriptedAgreement {
  view = 0;
  active = true;
  decided = 0;
  known = 0;
  low = 0;
  readonly standing = FIRST_STANDING;
  readonly mayPropose = true;
  readonly pursued: number[] = [];
  readonly context: AgreementContext;

  constructor(context: AgreementContext) {
    this.context = context;
  }

  get primary(): number {
    return this.view % 5;
  }

  get nextSlot(): number {
    return this.known + 1;
  }

  propose(value: Value): number {
    return this.accept(value);
  }

  /** A proposal is accepted into the log. */
  accept(value: Value): number {
    this.known += 1;
    const nothing = new Uint8Array(0);
    const fields = { certificate: nothing, share: nothing, evidence: [], extension: 0 };
    const at = { kind: MessageKind.Prepare, view: this.view, seq: this.known, digest: value.digest };
    this.context.superior.proposed(new Proposal({ ...at, ...fields, value }));
    return this.known;
  }

  commit(value: Value): void {
    this.decided += 1;
    this.known = Math.max(this.known, this.decided);
    this.context.superior.committed(this.decided, value);
  }

  enter(view: number, maximum: number): void {
    Object.assign(this, { view, active: true, known: Math.max(this.decided, maximum) });
    this.context.superior.entered({ view, maximum, count: 1, extension: 0 });
  }

  suspect(view: number): void {
    if (view > this.view) Object.assign(this, { view, active: false });
  }

  pursue(seq: number): void {
    this.pursued.push(seq);
  }

  advance(low: number): void {
    this.low = low;
  }

  receive(): void {}
  expire(): void {}
  complete(): void {}
}

/** Replica 0 of five, with instance, replica and time played by the test. */
class Stage {
  readonly orderer: Orderer;
  agreement!: ScriptedAgreement;
  readonly effects: Effect[] = [];
  readonly executed: number[] = [];
  readonly dropped: number[] = [];
  readonly forwarded: Digest[] = [];
  readonly complaints: Complaint[] = [];
  moved = 0;
  behind = false;
  holds = true;
  timing = false;

  constructor() {
    const stage = this;
    const protocol: AgreementProtocol = {
      name: "scripted",
      create: (context) => {
        stage.agreement = new ScriptedAgreement(context);
        return stage.agreement as unknown as Agreement;
      },
      checks: () => [],
    };
    this.orderer = single(protocol).create({
      self: 0,
      faults: FaultModel.hybrid(5),
      outbox: { push: (effect) => void this.effects.push(effect) },
      hash: digestOf,
      parameters,
      members: GENESIS_MEMBERS,
      silent: new Set(),
      sequel: {
        execute: ({ seq }) => void this.executed.push(seq),
        assign: () => {},
        wants: () => false,
        checkpoint: () => {},
        outrun: () => {},
        get behind() {
          return stage.behind;
        },
        forward: (client) => {
          this.forwarded.push(client);
          return this.holds;
        },
        dropped: (value) => {
          for (const { timestamp } of requestsOf(value, digestOf)) this.dropped.push(timestamp);
        },
        moved: () => {
          this.moved += 1;
        },
      },
    });
  }

  /** Has the orderer act on what the instance has told it. */
  settle(): void {
    this.orderer.receive(1, 0, { kind: MessageKind.Commit });
    this.#perform();
  }

  pass(ticks: number): void {
    for (let i = 0; i < ticks; i += 1) {
      this.#perform();
      if (!this.timing) return;
      this.timing = false;
      this.orderer.expire(COMPOSITION, 1);
    }
    this.#perform();
  }

  complain(signer: number, view: number): void {
    const fields = { instance: 0, view, decided: 0, signer, signature: new Uint8Array(1) };
    this.orderer.receive(signer, COMPOSITION, new Complaint(fields));
    this.#perform();
  }

  #perform(): void {
    for (let effect = this.effects.shift(); effect !== undefined; effect = this.effects.shift()) {
      if (effect.type === "set-timer" && effect.instance === COMPOSITION) this.timing = true;
      if (effect.type === "broadcast") this.complaints.push(effect.message as Complaint);
      if (effect.type !== "certify") continue;
      const bytes = new Uint8Array(1);
      this.orderer.complete(effect.job, { type: "certified", share: bytes, certificate: bytes });
    }
  }
}

function request(timestamp: number, client = "c"): Request {
  const fields = { client: client.repeat(32), timestamp, operations: [new Uint8Array(1)] };
  const made = Request.create(fields, digestOf, () => new Uint8Array(64));
  made.valid = true;
  return made;
}

const batch = (...timestamps: number[]): Value =>
  encodeBatch(
    timestamps.map((timestamp) => request(timestamp)),
    digestOf,
  );

const FULL = 9;

test("a request that the primary never proposes is its fault; what it lacks is sent to it first", () => {
  const stage = new Stage();
  stage.orderer.expect(request(5), 1);
  stage.pass(5);
  expect(stage.forwarded).toEqual([request(5).client]);
  expect(stage.complaints).toEqual([]);
  stage.pass(4);
  expect(stage.complaints).toMatchObject([{ instance: 0, view: 0, signer: 0 }]);
});

test("a request that nobody holds is nobody's fault", () => {
  const stage = new Stage();
  stage.holds = false;
  stage.orderer.expect(request(5), 1);
  stage.pass(3 * FULL);
  expect(stage.complaints).toEqual([]);
});

test("a proposal stops the wait for its requests; a view change begins it anew until they execute", () => {
  const stage = new Stage();
  stage.orderer.expect(request(5), 0);
  stage.agreement.accept(batch(5));
  stage.agreement.decided = 1; // Only the proposal is looked at here.
  stage.settle();
  stage.pass(2 * FULL);
  expect(stage.complaints).toEqual([]);
  stage.agreement.enter(1, 1);
  stage.settle();
  stage.pass(2 * FULL);
  expect(stage.complaints).toMatchObject([{ view: 1 }]);
  const served = new Stage();
  served.orderer.expect(request(5), 0);
  served.orderer.served(request(5).client, 5);
  served.pass(2 * FULL);
  expect(served.complaints).toEqual([]);
});

test("a known slot that is not decided is the primary's fault; others are asked for it first", () => {
  const stage = new Stage();
  stage.agreement.accept(batch(5));
  stage.settle();
  stage.pass(5);
  expect(stage.agreement.pursued).toEqual([1]);
  stage.pass(4);
  expect(stage.complaints).toHaveLength(1);
});

test("H23: while the window is full, no proposal is due", () => {
  const stage = new Stage();
  stage.orderer.expect(request(5), 0);
  stage.agreement.known = 16;
  stage.agreement.decided = 16;
  stage.settle();
  stage.pass(2 * FULL);
  expect(stage.complaints).toEqual([]);
  stage.agreement.low = 8;
  stage.settle();
  stage.pass(FULL);
  expect(stage.complaints).toHaveLength(1);
});

test("H23: nor may a primary fill slot after slot and leave a request out", () => {
  const stage = new Stage();
  stage.orderer.expect(request(5), 0);
  for (let i = 0; i < 64; i += 1) {
    stage.agreement.commit(batch());
    stage.agreement.low = stage.agreement.decided;
    stage.agreement.context.superior.proposed(
      new Proposal({
        ...{ kind: MessageKind.Prepare, view: 0, seq: i + 1, digest: "", extension: 0, evidence: [] },
        ...{ certificate: new Uint8Array(0), share: new Uint8Array(0), value: batch() },
      }),
    );
    stage.settle();
    if (i < 62) expect(stage.complaints).toEqual([]);
  }
  stage.pass(1);
  expect(stage.complaints).toHaveLength(1);
});

test("a malformed proposal is a provable fault", () => {
  const stage = new Stage();
  const value = Value.of(Uint8Array.of(1, 2, 3), digestOf);
  const nothing = new Uint8Array(0);
  const proposal = new Proposal({
    ...{ kind: MessageKind.Prepare, view: 0, seq: 1, digest: value.digest, extension: 0, evidence: [] },
    ...{ certificate: nothing, share: nothing, value },
  });
  expect(stage.agreement.context.superior.judge(proposal)).toBe(Verdict.Fault);
  stage.pass(1);
  expect(stage.complaints).toHaveLength(1);
});

test("enough complaints move the instance to the next view; clients' coordinator is its primary", () => {
  const stage = new Stage();
  for (const signer of [1, 2]) stage.complain(signer, 0);
  expect(stage.orderer.soleCoordinator).toBe(0);
  stage.complain(3, 0);
  expect(stage.orderer.soleCoordinator).toBe(1);
  expect(stage.moved).toBe(0);
  stage.agreement.enter(1, 0);
  stage.settle();
  expect(stage.moved).toBe(1);
});

test("a replica that is behind blames nobody", () => {
  const stage = new Stage();
  stage.behind = true;
  stage.orderer.expect(request(5), 1);
  stage.pass(3 * FULL);
  expect(stage.complaints).toEqual([]);
});

test("what a view change drops, overwrites or moves elsewhere comes back to who proposed it; what executes does not", () => {
  const stage = new Stage();
  const kept = batch(1);
  stage.orderer.submit(kept);
  stage.orderer.submit(batch(2));
  stage.orderer.submit(batch(3));
  stage.agreement.commit(kept);
  stage.settle();
  expect(stage.dropped).toEqual([]);
  stage.agreement.enter(5, 2); // Slot 3 is gone; replica 0 is primary again.
  stage.settle();
  expect(stage.dropped).toEqual([3]);
  stage.agreement.commit(batch()); // Slot 2 is a no-op now.
  stage.settle();
  expect(stage.dropped).toEqual([3, 2]);
  const moved = new Stage();
  const own = batch(4);
  moved.orderer.submit(own);
  moved.agreement.enter(1, 1);
  moved.agreement.commit(own);
  moved.settle();
  expect(moved.dropped).toEqual([4]); // The replica forgets it if it has executed: it is not its coordinator any more.
});

test("what a transferred state covers is no longer under way", () => {
  const stage = new Stage();
  stage.orderer.submit(batch(1));
  stage.orderer.submit(batch(2));
  stage.orderer.jump({ part: encodePart(1) } as Anchor);
  expect(stage.dropped).toEqual([1]); // Who gets it back knows from the table whether it has executed.
  expect(stage.orderer.executed).toBe(1);
});

test("complaints travel under the orderer's address only", () => {
  const { orderer } = new Stage();
  const complaint = new Complaint({
    ...{ instance: 0, view: 0, decided: 0, signer: 1, signature: new Uint8Array(1) },
  });
  expect(orderer.checks(COMPOSITION, complaint)).toHaveLength(1);
  expect(orderer.checks(0, complaint)).toBeNull();
});
