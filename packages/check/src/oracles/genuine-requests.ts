import type { Digest } from "@destiny/core/kernel/ids";
import type { ClientMessage } from "@destiny/core/wire/client-protocol";
import type { Request } from "@destiny/core/wire/request";
import type { Parcel } from "@destiny/simulator/network/network";
import type { Observer } from "../stage/observer.ts";

/** Requests that clients have really sent: what replicas execute must be among them (S6). */
export class GenuineRequests implements Observer {
  readonly #n: number;
  readonly #digests = new Set<Digest>();

  constructor(n: number) {
    this.#n = n;
  }

  sent({ from, to, content }: Parcel): void {
    if (from < this.#n || to >= this.#n) return;
    const message = content as ClientMessage;
    if (message.type === "submit") this.#digests.add(message.request.digest);
  }

  has({ digest }: Request): boolean {
    return this.#digests.has(digest);
  }
}
