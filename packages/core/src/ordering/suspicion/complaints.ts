import type { ReplicaId, View } from "../../kernel/ids.ts";
import type { Complaint } from "../../wire/suspicion.ts";

interface Held {
  readonly complaint: Complaint;
  /** Ticks that it is still believed. */
  left: number;
}

/** Live complaints about one instance, the latest of each replica: soft state that fades unless it is repeated (H24). */
export class Complaints {
  /** Made with the first. */
  #held: Map<ReplicaId, Held> | null = null;

  get any(): boolean {
    return this.#held !== null && this.#held.size > 0;
  }

  /** Believed for so many ticks from now on, unless this replica has complained about a later view. */
  hold(complaint: Complaint, ticks: number): void {
    this.#held ??= new Map();
    const held = this.#held.get(complaint.signer);
    if (held !== undefined && held.complaint.view > complaint.view) return;
    this.#held.set(complaint.signer, { complaint, left: ticks });
  }

  /** Those about this very view. */
  about(view: View): Complaint[] {
    const complaints: Complaint[] = [];
    for (const { complaint } of this.#held?.values() ?? [])
      if (complaint.view === view) complaints.push(complaint);
    return complaints;
  }

  /** Those about this view or a later one. */
  from(view: View): Complaint[] {
    const complaints: Complaint[] = [];
    for (const { complaint } of this.#held?.values() ?? [])
      if (complaint.view >= view) complaints.push(complaint);
    return complaints;
  }

  /** Views below this one are past: complaints about them are void. */
  voidBelow(view: View): void {
    for (const [signer, { complaint }] of this.#held ?? [])
      if (complaint.view < view) this.#held?.delete(signer);
  }

  /** One tick has passed. */
  tick(): void {
    for (const [signer, held] of this.#held ?? []) {
      held.left -= 1;
      if (held.left < 0) this.#held?.delete(signer);
    }
  }
}
