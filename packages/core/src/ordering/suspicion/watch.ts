import type { Agreement } from "../../agreement/agreement.ts";
import type { Jobs } from "../../effects/jobs.ts";
import type { Port } from "../../effects/port.ts";
import type { FaultModel } from "../../kernel/fault-model.ts";
import type { InstanceId, ReplicaId, SequenceNumber, View } from "../../kernel/ids.ts";
import { Complaint, complaintClaim } from "../../wire/suspicion.ts";
import { passOn } from "../passing-on.ts";
import { Complaints } from "./complaints.ts";
import { Patience } from "./patience.ts";
import { type Key, Row, Stopwatches } from "./stopwatches.ts";

/** What blame must know of an instance, and what it does to it. */
export type Watched = Pick<Agreement, "view" | "active" | "decided" | "known" | "suspect">;

export interface WatchOptions {
  readonly instance: InstanceId;
  readonly agreement: Watched;
  /** Decided slots without complaint after which doubled timers are halved: `W_D`, `K` for the O-instance. */
  readonly period: number;
  /** Half the time is over: send the accused what it may lack. Must not call the watch back. */
  readonly help: (row: Row, key: Key) => void;
}

/** What all watches of an orderer share. */
export interface Bench {
  readonly self: ReplicaId;
  readonly faults: FaultModel;
  readonly port: Port;
  readonly jobs: Jobs;
  /** Length of each row's wait, in ticks. */
  readonly ticks: (row: Row) => number;
  /** Keeps the tick timer running while anything needs it. */
  readonly arm: () => void;
}

/** What a watch has seen since the start, for people. */
export interface WatchAccount {
  /** Views entered, but for the first one of all. */
  readonly viewChanges: number;
  /** Of those, views of the instance's home. */
  readonly reinstatements: number;
  /** Views that this replica has complained about. */
  readonly complaints: number;
  /** Whose complaints about the present view are live. */
  readonly complainers: readonly ReplicaId[];
}

const ROWS: readonly Row[] = Object.values(Row);

/**
 * Blame for one instance (dqbft.md 8): stopwatches for what its primary owes, and complaints about it. A complaint names a
 * view. As many as hold a correct replica's, and this replica leaves that view and shows the others why (H24).
 *
 * Nothing here calls the instance but {@link follow}, {@link receive} and the ticks of {@link Blame}:
 * not to be called from the instance's own notices. The others may be.
 */
export class Watch {
  readonly #options: WatchOptions;
  readonly #bench: Bench;
  /** Made when something of the row is first waited for: of most instances, nothing of most rows ever is. */
  readonly #rows: (Stopwatches | null)[] = ROWS.map(() => null);
  readonly #complaints = new Complaints();
  readonly #patience: Patience;
  /** View and state when last looked at. */
  #view: View = 0;
  #active = true;
  /** The undecided slot that the decision row waits for; 0 if none. */
  #awaited = 0;
  /** A view with a provable fault. */
  #accused: View = -1;
  /** Our own complaint, or the view for which it is being signed. */
  #own: Complaint | null = null;
  #signing: View = -1;
  /** Ticks until it is said again. */
  #repeatIn = 0;
  /** The latest view whose complaints this replica has shown to all. */
  #shown: View = -1;
  readonly #counts = { viewChanges: 0, reinstatements: 0, complaints: 0 };

  constructor(options: WatchOptions, bench: Bench) {
    this.#options = options;
    this.#bench = bench;
    this.#patience = new Patience(bench.faults.n, options.period);
  }

  /** By how much the timers and count twins of this instance are multiplied now. */
  get multiplier(): number {
    return this.#patience.multiplier;
  }

  get account(): WatchAccount {
    const complainers = this.#complaints.about(this.#options.agreement.view).map(({ signer }) => signer);
    return { ...this.#counts, complainers };
  }

  /** Whether time has to pass here: something waits, somebody has complained, or others may have to follow. */
  get busy(): boolean {
    if (this.#complaints.any || !this.#active) return true;
    return this.#accused === this.#view || this.#rows.some((row) => row?.running === true);
  }

  /**
   * Something of this row is waited for from now on, unless it is already. `twin` is its count twin: how much
   * {@link count} may count meanwhile, before the multiplier (H23).
   */
  start(row: Row, key: Key = 0, twin: number = Number.POSITIVE_INFINITY): void {
    this.#row(row).start(key, twin);
    this.#bench.arm();
  }

  /** It is there, or not waited for any more. */
  stop(row: Row, key: Key = 0): void {
    this.#rows[row]?.stop(key);
  }

  /** Nothing of this row is waited for any more. */
  stopAll(row: Row): void {
    this.#rows[row]?.stopAll();
  }

  /** All waits of the row begin anew, in full. */
  restart(row: Row): void {
    this.#rows[row]?.restart();
  }

  /** No time passes for this row, while its elapsed time stays: the window is full (H23). */
  pause(row: Row): void {
    this.#row(row).paused = true;
  }

  resume(row: Row): void {
    this.#row(row).paused = false;
    this.#bench.arm();
  }

  /** So many slots have passed that might have held what the row waits for: feeds the count twins, pauses or not. */
  count(row: Row, slots = 1): void {
    this.#rows[row]?.count(slots);
  }

  /** The primary of this view has done what no correct one does: no stopwatch needed. Void in other views. */
  accuse(view: View): void {
    this.#accused = Math.max(this.#accused, view);
    this.#bench.arm();
  }

  /** The instance is back in a view of its home: its timers are short again. */
  reinstated(): void {
    this.#patience.reset();
  }

  /** To be called after every event of the instance: looks where it is. */
  follow(): void {
    const { view, active, decided, known } = this.#options.agreement;
    if (view !== this.#view || active !== this.#active) this.#move(view, active);
    this.#patience.progress(decided, this.#complaints.any);
    const awaited = known > decided ? decided + 1 : 0;
    if (awaited === this.#awaited) return;
    this.stop(Row.Decision, this.#awaited);
    this.#awaited = awaited;
    if (awaited > 0) this.start(Row.Decision, awaited);
  }

  /** An authentic complaint about this instance, from whoever passed it on. */
  receive(complaint: Complaint): void {
    const { agreement, period } = this.#options;
    if (complaint.view < agreement.view || agreement.decided - complaint.decided > period) return;
    this.#complaints.hold(complaint, this.#lifetime);
    this.#act();
    this.#bench.arm();
  }

  /** For {@link Blame}: one tick has passed. Time that this replica spent behind the others says nothing. */
  tick(behind: boolean): void {
    this.follow();
    this.#complaints.tick();
    if (!this.#active) return this.#complain(this.#view - 1);
    let expired = false;
    if (!behind) for (const row of ROWS) expired = this.#tickRow(row) || expired;
    if (behind || !(expired || this.#accused === this.#view)) return;
    this.#complain(this.#view);
  }

  #tickRow(row: Row): boolean {
    const stopwatches = this.#rows[row] ?? null;
    if (stopwatches === null) return false;
    stopwatches.tick();
    const { expired, halfway } = stopwatches.look(this.#bench.ticks(row), this.multiplier);
    for (const key of halfway) this.#options.help(row, key);
    return expired;
  }

  /**
   * Says again what others would forget by then; the first time, once it is signed. Who has left a view and is on its way says so
   * of that view: those who stayed may lack just this one, as what made it leave reached them while they were away.
   */
  #complain(view: View): void {
    const { agreement, period } = this.#options;
    const own = this.#own;
    const stale = own === null || own.view !== view || agreement.decided - own.decided > period / 2;
    if (stale) return this.#sign(view, agreement.decided);
    this.#repeatIn -= 1;
    if (this.#repeatIn <= 0) this.#say(own);
  }

  #sign(view: View, decided: SequenceNumber): void {
    if (this.#signing === view) return;
    this.#signing = view;
    const about = { instance: this.#options.instance, view, decided };
    this.#bench.jobs.certify(complaintClaim(about), (result) => {
      if (this.#signing === view) this.#signing = -1;
      const { view: now, active } = this.#options.agreement;
      if (result.type !== "certified" || (active ? now : now - 1) !== view) return;
      if (active && this.#own?.view !== view) this.#counts.complaints += 1;
      this.#own = new Complaint({ ...about, signer: this.#bench.self, signature: result.certificate });
      this.#say(this.#own);
    });
  }

  #say(complaint: Complaint): void {
    this.#repeatIn = Math.max(1, Math.floor(this.#lifetime / 2));
    this.#bench.port.broadcast(complaint);
    this.receive(complaint);
  }

  /**
   * Shows the others why, so that nobody leaves alone, and leaves (H24). Who complains about a later view has left this one: it
   * counts, but the lowest view complained about is the one that is left.
   */
  #act(): void {
    const { agreement } = this.#options;
    const complaints = this.#complaints.from(agreement.view);
    if (complaints.length < this.#bench.faults.oneCorrect) return;
    const lowest = Math.min(...complaints.map(({ view }) => view));
    if (this.#shown < lowest) {
      this.#shown = lowest;
      const { self, faults, port } = this.#bench;
      for (const complaint of complaints) {
        passOn(port, { self, n: faults.n }, complaint, complaint.view * faults.n + complaint.signer);
      }
    }
    agreement.suspect(lowest + 1);
    this.follow();
  }

  /** The stages begin anew, in full, in a view that is entered; while it changes view nothing is timed here. */
  #move(view: View, active: boolean): void {
    this.#complaints.voidBelow(view);
    this.#view = view;
    this.#active = active;
    this.#bench.arm();
    if (!active) return;
    for (const row of this.#rows) row?.restart();
    if (view > 0) this.#entered(view);
  }

  #entered(view: View): void {
    this.#patience.grow();
    this.#counts.viewChanges += 1;
    if (view % this.#bench.faults.n === 0) this.#counts.reinstatements += 1;
  }

  /** How long a complaint is believed, in ticks: one timer length, and the tick under way. */
  get #lifetime(): number {
    return this.#bench.ticks(Row.Decision) * this.multiplier + 1;
  }

  #row(row: Row): Stopwatches {
    const made = this.#rows[row] ?? new Stopwatches();
    this.#rows[row] = made;
    return made;
  }
}
