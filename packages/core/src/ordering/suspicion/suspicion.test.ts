import { expect, test } from "vitest";
import type { Effect } from "../../effects/effects.ts";
import { Jobs } from "../../effects/jobs.ts";
import { Port } from "../../effects/port.ts";
import { FaultModel } from "../../kernel/fault-model.ts";
import { Complaint, complaintClaim } from "../../wire/suspicion.ts";
import { COMPOSITION } from "../composition.ts";
import { Blame, TICKS_PER_DELAY } from "./blame.ts";
import { ITEMS_MAX, type Key, Row } from "./stopwatches.ts";
import type { Watch } from "./watch.ts";

const TIMER = 7;
const PERIOD = 4;

/** One watch over a scripted instance; time passes in ticks, only while the timer runs. */
class Stage {
  readonly agreement = {
    view: 0,
    active: true,
    decided: 0,
    known: 0,
    suspect: (view: number) => this.#suspect(view),
  };
  readonly effects: Effect[] = [];
  readonly suspected: number[] = [];
  readonly helped: [Row, Key][] = [];
  readonly blame: Blame;
  readonly watch: Watch;
  readonly said: Complaint[] = [];
  behind = false;
  timing = false;
  /** Whether what is to be signed gets signed, and how often that was asked. */
  signs = true;
  asked = 0;
  readonly #jobs: Jobs;

  constructor(n = 5) {
    const port = new Port({ push: (effect) => void this.effects.push(effect) }, COMPOSITION);
    this.#jobs = new Jobs(port);
    this.blame = new Blame({
      self: 0,
      faults: FaultModel.hybrid(n),
      port,
      jobs: this.#jobs,
      timer: TIMER,
      parameters: { suspicionDelay: 800_000, graceDelay: 200_000 },
      behind: () => this.behind,
    });
    const help = (row: Row, key: Key): void => void this.helped.push([row, key]);
    this.watch = this.blame.watch({ instance: 0, agreement: this.agreement, period: PERIOD, help });
  }

  /** Lets so many ticks pass. */
  pass(ticks: number): void {
    for (let i = 0; i < ticks; i += 1) {
      this.perform();
      if (!this.timing) return;
      this.timing = false;
      this.blame.expire();
    }
    this.perform();
  }

  perform(): void {
    for (let effect = this.effects.shift(); effect !== undefined; effect = this.effects.shift()) {
      if (effect.type === "set-timer") this.timing = true;
      if (effect.type === "broadcast") this.said.push(effect.message as Complaint);
      if (effect.type === "certify") this.asked += 1;
      if (effect.type === "certify" && this.signs) {
        const bytes = Uint8Array.of(1);
        this.#jobs.complete(effect.job.ticket, { type: "certified", share: bytes, certificate: bytes });
      }
    }
  }

  complain(signer: number, view: number, decided = 0): void {
    this.blame.receive(new Complaint({ instance: 0, view, decided, signer, signature: Uint8Array.of(2) }));
    this.perform();
  }

  /** The instance enters a view. */
  enter(view: number): void {
    Object.assign(this.agreement, { view, active: true });
    this.watch.follow();
  }

  decide(seq: number): void {
    this.agreement.decided = seq;
    this.agreement.known = Math.max(this.agreement.known, seq);
    this.watch.follow();
  }

  /** Whose complaints it has sent, since it was last asked. */
  takeSigners(): number[] {
    this.perform();
    return this.said.splice(0).map(({ signer }) => signer);
  }

  #suspect(view: number): void {
    if (view <= this.agreement.view) return;
    this.suspected.push(view);
    Object.assign(this.agreement, { view, active: false });
  }
}

/** After so many ticks a stopwatch that has just started is over. */
const FULL = TICKS_PER_DELAY + 1;

test("a wait that lasts its full length makes this replica complain, once signed; not a tick sooner", () => {
  const stage = new Stage();
  stage.watch.start(Row.Proposal, "client");
  stage.pass(FULL - 1);
  expect(stage.takeSigners()).toEqual([]);
  stage.pass(1);
  expect(stage.takeSigners()).toEqual([0]);
  expect(stage.suspected).toEqual([]);
});

test("what comes in time stops its wait, and starting again while it runs changes nothing", () => {
  const stage = new Stage();
  stage.watch.start(Row.Proposal, "early");
  stage.watch.start(Row.Proposal, "late");
  stage.pass(FULL - 2);
  stage.watch.start(Row.Proposal, "late");
  stage.watch.stop(Row.Proposal, "early");
  stage.pass(2);
  expect(stage.takeSigners()).toEqual([0]);
});

test("at rest no timer runs: none at first, none once nothing is waited for and complaints have faded", () => {
  const stage = new Stage();
  stage.watch.follow();
  stage.perform();
  expect(stage.timing).toBe(false);
  stage.watch.start(Row.Fill, 3);
  stage.pass(2);
  expect(stage.timing).toBe(true);
  stage.watch.stop(Row.Fill, 3);
  stage.pass(1);
  expect(stage.timing).toBe(false);
  stage.complain(1, 0);
  expect(stage.timing).toBe(true);
  stage.pass(100);
  expect(stage.timing).toBe(false);
});

test("a complaint is said again before others forget it, for as long as its reason lasts", () => {
  const stage = new Stage();
  stage.watch.start(Row.Fill, 3);
  stage.pass(FULL);
  expect(stage.takeSigners()).toEqual([0]);
  for (let i = 0; i < 5; i += 1) {
    stage.pass(TICKS_PER_DELAY);
    expect(stage.takeSigners().length).toBeGreaterThanOrEqual(1);
  }
  stage.watch.stop(Row.Fill, 3);
  stage.pass(TICKS_PER_DELAY);
  expect(stage.takeSigners()).toEqual([]);
});

test("enough complaints end the view, ours among them, and are shown to all", () => {
  const stage = new Stage(5);
  stage.complain(1, 0);
  stage.complain(2, 0);
  expect(stage.suspected).toEqual([]);
  stage.watch.start(Row.Fill, 3);
  stage.pass(1);
  stage.takeSigners();
  stage.complain(3, 0);
  expect(stage.suspected).toEqual([1]);
  expect(stage.takeSigners().sort()).toEqual([1, 2, 3]);
  const own = new Stage(5);
  own.watch.start(Row.Fill, 3);
  own.pass(FULL - 1);
  own.complain(1, 0);
  own.complain(2, 0);
  expect(own.suspected).toEqual([]);
  own.pass(1);
  expect(own.suspected).toEqual([1]);
});

test("the same replica counts once, however often it complains", () => {
  const stage = new Stage(5);
  for (let i = 0; i < 10; i += 1) stage.complain(1, 0);
  expect(stage.suspected).toEqual([]);
});

test("complaints are forgotten one timer length after they last came", () => {
  const stage = new Stage(3);
  stage.complain(1, 0);
  stage.pass(FULL + 2);
  stage.complain(2, 0);
  expect(stage.suspected).toEqual([]);
  stage.pass(FULL - 1);
  stage.complain(1, 0);
  expect(stage.suspected).toEqual([1]);
});

test("H24: a complaint is void in later views, and one about a later view ends that one", () => {
  const stage = new Stage(3);
  stage.complain(1, 0);
  stage.enter(1);
  stage.complain(2, 0);
  stage.complain(1, 0);
  expect(stage.suspected).toEqual([]);
  stage.complain(1, 4);
  stage.complain(1, 3); // The latest counts.
  stage.complain(2, 4);
  expect(stage.suspected).toEqual([5]);
});

test("complaints about views that are past are forgotten at once", () => {
  const stage = new Stage(5);
  stage.complain(1, 0);
  stage.enter(1);
  expect(stage.watch.busy).toBe(false);
  stage.complain(1, 0);
  expect(stage.watch.busy).toBe(false);
});

test("a complaint is signed once, however long that takes", () => {
  const stage = new Stage();
  stage.signs = false;
  stage.watch.start(Row.Fill, 3);
  stage.pass(5 * FULL);
  expect(stage.asked).toBe(1);
});

test("H24: a complaint that was kept while the instance worked well is void", () => {
  const stage = new Stage(3);
  stage.decide(PERIOD + 1);
  stage.complain(1, 0, 0);
  stage.complain(2, 0, 0);
  expect(stage.suspected).toEqual([]);
  stage.complain(1, 0, 1);
  stage.complain(2, 0, 1);
  expect(stage.suspected).toEqual([1]);
});

test("our own complaint is signed anew when the instance has gone on", () => {
  const stage = new Stage(5);
  stage.watch.start(Row.Proposal, "censored");
  stage.pass(FULL);
  stage.decide(PERIOD);
  stage.pass(FULL);
  stage.perform();
  expect(stage.said.map(({ decided }) => decided)).toEqual(expect.arrayContaining([0, PERIOD]));
});

test("while the instance changes its view nothing is timed; in the view that it enters every wait begins anew", () => {
  const stage = new Stage(3);
  stage.watch.start(Row.Proposal, "client");
  stage.pass(FULL - 1);
  Object.assign(stage.agreement, { view: 1, active: false });
  stage.watch.follow();
  stage.pass(5 * FULL);
  stage.perform();
  expect(new Set(stage.said.splice(0).map(({ view }) => view))).toEqual(new Set([0]));
  stage.enter(1);
  stage.pass(2 * TICKS_PER_DELAY); // Twice as long in view 1.
  expect(stage.takeSigners()).toEqual([]);
  stage.pass(1);
  stage.perform();
  expect(stage.said.map(({ view }) => view)).toEqual([1]);
});

test("who is on its way to a view says again and again that it has left the one before: others may lack just that", () => {
  const stage = new Stage(5);
  for (const signer of [1, 2, 3]) stage.complain(signer, 0);
  stage.takeSigners();
  stage.pass(3 * FULL);
  const own = stage.said.filter(({ signer }) => signer === 0);
  expect(own.length).toBeGreaterThan(2);
  expect(new Set(own.map(({ view }) => view))).toEqual(new Set([0]));
});

test("whoever complains about a later view has left this one: it counts, and the lowest view is left", () => {
  const stage = new Stage(5);
  stage.complain(1, 3);
  stage.complain(2, 1);
  expect(stage.suspected).toEqual([]);
  stage.complain(3, 0);
  expect(stage.suspected).toEqual([1]);
});

test("H23: a pause keeps the time that has passed", () => {
  const stage = new Stage();
  stage.watch.start(Row.Proposal, "client");
  stage.watch.start(Row.Order, 1);
  stage.pass(FULL - 2);
  stage.watch.pause(Row.Proposal);
  stage.watch.stop(Row.Order, 1);
  stage.pass(FULL);
  expect(stage.timing).toBe(false);
  stage.watch.resume(Row.Proposal);
  stage.pass(1);
  expect(stage.takeSigners()).toEqual([]);
  stage.pass(1);
  expect(stage.takeSigners()).toEqual([0]);
});

test("H23: pausing one row does not pause the others", () => {
  const stage = new Stage();
  stage.watch.pause(Row.Proposal);
  stage.watch.start(Row.Decision, 1);
  stage.pass(FULL);
  expect(stage.takeSigners()).toEqual([0]);
});

test("H23: a count twin runs out in pauses too, and grows with the timers", () => {
  const stage = new Stage();
  stage.enter(1);
  stage.watch.start(Row.Order, 0); // Keeps the clock going.
  stage.watch.start(Row.Proposal, "client", 10);
  stage.watch.pause(Row.Proposal);
  stage.watch.count(Row.Proposal, 19);
  stage.pass(1);
  expect(stage.takeSigners()).toEqual([]);
  stage.watch.count(Row.Proposal);
  stage.pass(1);
  expect(stage.takeSigners()).toEqual([0]);
});

test("at half time the layer above may help, once for each wait and view", () => {
  const stage = new Stage();
  stage.watch.start(Row.Proposal, "client");
  stage.pass(TICKS_PER_DELAY / 2);
  expect(stage.helped).toEqual([]);
  stage.pass(4);
  expect(stage.helped).toEqual([[Row.Proposal, "client"]]);
  stage.enter(1);
  stage.pass(2 * TICKS_PER_DELAY);
  expect(stage.helped).toHaveLength(2);
});

test("H22: the lowest undecided slot up to the highest known is timed, present or not, and anew when it is decided", () => {
  const stage = new Stage();
  stage.agreement.known = 2; // Slot 1 was left out; 2 may well be decided.
  stage.watch.follow();
  stage.pass(FULL - 1);
  stage.decide(1);
  stage.pass(FULL - 1);
  expect(stage.takeSigners()).toEqual([]);
  stage.pass(1);
  expect(stage.takeSigners()).toEqual([0]);
  const whole = new Stage();
  whole.agreement.known = 2;
  whole.watch.follow();
  whole.decide(2);
  whole.pass(1);
  expect(whole.timing).toBe(false);
});

test("a replica that is behind accuses nobody: the time does not count; it believes others all the same", () => {
  const stage = new Stage(3);
  stage.watch.start(Row.Decision, 1);
  stage.pass(FULL - 3);
  stage.behind = true;
  stage.pass(5 * FULL);
  stage.behind = false;
  stage.pass(2);
  expect(stage.takeSigners()).toEqual([]);
  stage.pass(1);
  expect(stage.takeSigners()).toEqual([0]);
  stage.behind = true;
  stage.complain(1, 0);
  stage.complain(2, 0);
  expect(stage.suspected).toEqual([1]);
});

test("a provable fault needs no stopwatch, and names its view", () => {
  const stage = new Stage();
  stage.watch.accuse(0);
  stage.pass(1);
  expect(stage.takeSigners()).toEqual([0]);
  stage.enter(1);
  stage.watch.accuse(0);
  stage.pass(20);
  expect(stage.takeSigners()).toEqual([]);
});

test("timers double with every view change, up to a most; good work forgives them, reinstatement at once", () => {
  const stage = new Stage(3);
  const grown: number[] = [];
  for (let view = 1; view <= 18; view += 1) {
    stage.enter(view);
    grown.push(stage.watch.multiplier);
  }
  // With three replicas 6 + floor(m / 3) binds from the tenth change on.
  expect(grown.slice(0, 9)).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 512]);
  expect(grown.slice(9, 18)).toEqual([512, 512, 1024, 1024, 1024, 2048, 2048, 2048, 4096]);
  stage.watch.reinstated();
  expect(stage.watch.multiplier).toBe(1);
  stage.enter(19);
  stage.enter(20);
  stage.decide(PERIOD - 1);
  expect(stage.watch.multiplier).toBe(4);
  stage.decide(PERIOD);
  expect(stage.watch.multiplier).toBe(2);
  stage.complain(1, 20, PERIOD);
  stage.decide(2 * PERIOD);
  expect(stage.watch.multiplier).toBe(2);
});

test("a grace ends sooner than a suspicion", () => {
  const stage = new Stage();
  stage.watch.start(Row.Stale, 0);
  stage.pass(3);
  expect(stage.takeSigners()).toEqual([0]);
});

test("what is timed at once is bounded", () => {
  const stage = new Stage();
  for (let key = 0; key < ITEMS_MAX + 10; key += 1) stage.watch.start(Row.Proposal, key);
  for (let key = 0; key < ITEMS_MAX; key += 1) stage.watch.stop(Row.Proposal, key);
  stage.pass(2);
  expect(stage.timing).toBe(false);
});

test("a complaint is authentic by its signer's signature, for an instance and a replica that exist", () => {
  const { blame } = new Stage(5);
  const fields = { instance: 0, view: 2, decided: 9, signer: 4, signature: Uint8Array.of(5) };
  expect(blame.checks(new Complaint(fields))).toEqual([
    { type: "identity", signer: 4, claim: complaintClaim(fields), certificate: fields.signature },
  ]);
  expect(complaintClaim(fields)).not.toEqual(complaintClaim({ ...fields, view: 3 }));
  expect(blame.checks(new Complaint({ ...fields, signer: 5 }))).toBeNull();
  expect(blame.checks(new Complaint({ ...fields, instance: 1 }))).toBeNull();
});

test("for people: views entered, those of the home among them, complaints made here, and whose are live", () => {
  const stage = new Stage();
  stage.watch.start(Row.Proposal, "client");
  stage.pass(FULL);
  stage.complain(3, 0);
  expect(stage.watch.account).toMatchObject({ viewChanges: 0, complaints: 1, complainers: [0, 3] });
  stage.complain(4, 0);
  stage.enter(1);
  expect(stage.watch.account).toMatchObject({ viewChanges: 1, reinstatements: 0, complainers: [] });
  stage.enter(5);
  expect(stage.watch.account).toMatchObject({ viewChanges: 2, reinstatements: 1 });
});
