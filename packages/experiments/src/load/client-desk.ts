import type { Micros } from "@destiny/core/kernel/ids";
import type { CostProfile } from "@destiny/simulator/machine/cost-profile";
import type { Instant } from "@destiny/simulator/machine/machine";
import type { Pool } from "@destiny/simulator/machine/processors";
import { priceList } from "@destiny/simulator/machine/tariff";

const ONE_REQUEST = { bytes: 0, requests: 1, commands: 0, shares: 0, receivers: 0 };

/** What clients do on the processors that replicas use too: where a whole cluster and its clients are one computer. */
export class ClientDesk {
  /** Micros. */
  readonly #signing: number;
  readonly #verifying: number;
  readonly #pool: Pool;

  /** `requestBytes` are those of a request with its payload. */
  constructor(profile: CostProfile, pool: Pool, requestBytes: number) {
    const { sign, verify } = priceList(profile, true);
    this.#signing = sign.beside.of({ ...ONE_REQUEST, bytes: requestBytes });
    this.#verifying = verify.beside.of(ONE_REQUEST);
    this.#pool = pool;
  }

  /** When a request that a client makes now is signed and sent. */
  sign(now: Micros): Instant {
    return this.#pool.serve(now, this.#signing);
  }

  /** When an answer that comes now is verified. */
  verify(now: Micros): Instant {
    return this.#pool.serve(now, this.#verifying);
  }
}
