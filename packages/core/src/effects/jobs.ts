import type { Ticket } from "../kernel/ids.ts";
import type { Claim } from "../wire/claim.ts";
import type { JobResult, Share } from "./effects.ts";
import type { Port } from "./port.ts";

type Continuation = (result: JobResult) => void;

/** The jobs of one address that are under way: who asked for what. As many as its user has things to sign and combine at once. */
export class Jobs {
  readonly #port: Port;
  /** Made with the first: instances that are idle have none, and there are tens of thousands. */
  #waiting: Map<Ticket, Continuation> | null = null;
  #next: Ticket = 1;

  constructor(port: Port) {
    this.#port = port;
  }

  certify(claim: Claim, then: Continuation): void {
    this.#port.certify(this.#expect(then), claim);
  }

  combine(claim: Claim, shares: readonly Share[], then: Continuation): void {
    this.#port.combine(this.#expect(then), claim, shares);
  }

  complete(ticket: Ticket, result: JobResult): void {
    const then = this.#waiting?.get(ticket);
    this.#waiting?.delete(ticket);
    then?.(result);
  }

  #expect(then: Continuation): Ticket {
    const ticket = this.#next;
    this.#next += 1;
    this.#waiting ??= new Map();
    this.#waiting.set(ticket, then);
    return ticket;
  }
}
