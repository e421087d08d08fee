import type { ReplicaId } from "../../kernel/ids.ts";

/** Peers that are asked at the same time. */
const SOURCES_MAX = 4;
/** Requests to one source that are under way. */
const OUTSTANDING_MAX = 2;
/** Requests to one source in one status period: half of what it answers, for its periods are not ours. */
const ASKED_MAX = 64;
/** Ticks for which a source may take at first, and at most: thrice as long as its last answer took, twice if none came. */
const PATIENCE = 5;
const PATIENCE_MAX = 100;
/** Ticks for which a peer is left alone that does not have the state. */
const DECLINED_REST = 5;

/** A peer that may have the state. */
export interface Source {
  readonly id: ReplicaId;
  /** Whether it is asked at present, and may be asked for pages: it has shown that it has the state. */
  standing: "idle" | "asked" | "serving";
  /** It had the state aimed at when it last answered. */
  hasIt: boolean;
  outstanding: number;
  asked: number;
  patience: number;
  /** Answers in a row that did not come. */
  failures: number;
  restUntil: number;
  /** It sent something false. */
  condemned: boolean;
}

/** Whom to ask: a few peers at a time, in turn; who fails rests, ever longer; who lied is not asked again. */
export class Sources {
  readonly #sources: readonly Source[];
  #cursor: number;

  constructor(self: ReplicaId, n: number) {
    this.#sources = Array.from({ length: n }, (_, id) => id)
      .filter((id) => id !== self)
      .map((id) => ({
        id,
        standing: "idle",
        hasIt: false,
        outstanding: 0,
        asked: 0,
        patience: PATIENCE,
        failures: 0,
        restUntil: 0,
        condemned: false,
      }));
    this.#cursor = self; // Each replica starts with another one.
  }

  /** Those that may be asked for more now. */
  get ready(): Source[] {
    return this.#sources.filter(
      ({ standing, outstanding, asked }) =>
        standing === "serving" && outstanding < OUTSTANDING_MAX && asked < ASKED_MAX,
    );
  }

  /** Whether anybody had the state when it last answered. */
  get haveIt(): boolean {
    return this.#sources.some(({ hasIt }) => hasIt);
  }

  /** Whether nobody is asked. */
  get idle(): boolean {
    return this.#sources.every(({ standing }) => standing === "idle");
  }

  find(id: ReplicaId): Source | undefined {
    return this.#sources.find((source) => source.id === id);
  }

  /** The next peers to turn to at this tick. If all have lied, it must have been our mistake: they are forgiven. */
  recruit(now: number): Source[] {
    if (this.#sources.every(({ condemned }) => condemned)) {
      for (const source of this.#sources) source.condemned = false;
    }
    const recruits: Source[] = [];
    let active = this.#sources.filter(({ standing }) => standing !== "idle").length;
    for (let tried = 0; tried < this.#sources.length && active < SOURCES_MAX; tried += 1) {
      const source = this.#sources[this.#cursor % this.#sources.length];
      this.#cursor += 1;
      if (source === undefined || source.standing !== "idle") continue;
      if (source.condemned || source.restUntil > now) continue;
      source.standing = "asked";
      source.outstanding = 0;
      recruits.push(source);
      active += 1;
    }
    return recruits;
  }

  /** It sent something good, in so many ticks. */
  praise(source: Source, ticks: number): void {
    source.failures = 0;
    source.restUntil = 0; // It was late, and is awake all the same.
    source.hasIt = true;
    source.patience = Math.max(PATIENCE, Math.min(PATIENCE_MAX, 3 * ticks));
    if (source.standing === "asked") source.standing = "serving";
  }

  /** An answer did not come in time. */
  fail(source: Source, now: number): void {
    source.failures += 1;
    source.patience = Math.min(PATIENCE_MAX, source.patience * 2);
    this.#rest(source, now + source.failures * DECLINED_REST);
  }

  /** It does not have the state. */
  decline(source: Source, now: number): void {
    source.hasIt = false;
    this.#rest(source, now + DECLINED_REST);
  }

  condemn(source: Source): void {
    source.condemned = true;
    source.hasIt = false;
    this.#rest(source, 0);
  }

  /** Another state is aimed at: who did not have the last one may have this one. */
  turn(): void {
    for (const source of this.#sources) {
      source.hasIt = false;
      this.#rest(source, source.failures > 0 ? source.restUntil : 0);
    }
  }

  /** A status period has passed. */
  renew(): void {
    for (const source of this.#sources) source.asked = 0;
  }

  #rest(source: Source, until: number): void {
    source.standing = "idle";
    source.outstanding = 0;
    source.restUntil = until;
  }
}
