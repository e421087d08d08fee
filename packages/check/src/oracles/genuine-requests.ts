import type { Digest } from "@destiny/core/kernel/ids";
import type { ClientMessage } from "@destiny/core/wire/client-protocol";
import type { AssignRequest } from "@destiny/core/wire/messages";
import type { Request } from "@destiny/core/wire/request";
import type { Parcel } from "@destiny/simulator/network/network";
import type { Signed } from "@destiny/simulator/trust/trust";
import type { Observer } from "../stage/observer.ts";

export interface GenuineRequestsOptions {
  readonly n: number;
  /** Whose address it is. */
  readonly clientAt: (address: number) => Digest | undefined;
  /** Whether the client's own key has signed it. */
  readonly isSigned: (message: Request | AssignRequest) => boolean;
  /** By replica: hosts ask in their own names to be admitted again. */
  readonly hostKeys: readonly Digest[];
}

/** What clients have really signed and sent: what replicas execute must be among it (S6). */
export class GenuineRequests implements Observer {
  readonly #options: GenuineRequestsOptions;
  readonly #requests = new Set<Digest>();
  readonly #wishes = new Set<string>();
  /** What hosts have signed: by replica and digest. */
  readonly #byHosts = new Set<string>();

  constructor(options: GenuineRequestsOptions) {
    this.#options = options;
  }

  sent({ from, to, content }: Parcel): void {
    const { n, clientAt, isSigned } = this.#options;
    if (from < n || to >= n) return;
    const message = content as ClientMessage;
    if (message.type === "hello") return;
    const said = message.type === "submit" ? message.request : message.assign;
    // Others may say it after the client; it is the client who begins.
    if (said.client !== clientAt(from) || !isSigned(said)) return;
    if (message.type === "submit") this.#requests.add(message.request.digest);
    else this.#wishes.add(nameOf(message.assign));
  }

  signed({ replica, claim }: Signed): void {
    if (claim.type === "request") this.#byHosts.add(`${replica} ${claim.digest}`);
  }

  has({ digest, client }: Request): boolean {
    const host = this.#options.hostKeys.indexOf(client);
    return this.#requests.has(digest) || this.#byHosts.has(`${host} ${digest}`);
  }

  hasWish(wish: Wish): boolean {
    return this.#wishes.has(nameOf(wish));
  }
}

type Wish = Pick<AssignRequest, "client" | "coordinator" | "nonce">;

function nameOf({ client, coordinator, nonce }: Wish): string {
  return `${coordinator} ${nonce} ${client}`;
}
