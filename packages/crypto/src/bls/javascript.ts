import { Thread } from "../threads/thread.ts";
import type { BlsBackend, Check, Domain } from "./backend.ts";
import { checkAll, parseKeyBytes, publicKeyOf, signStatement, sumKeyPoints } from "./curve.ts";

/** What the thread is asked: to check, or to sign. */
export interface Job {
  readonly checks: readonly Check[];
  readonly signing?: {
    readonly secret: Uint8Array;
    readonly domain: Domain;
    readonly statements: readonly Uint8Array[];
  };
}

/** Pure JavaScript in the calling thread: for tests and tools. Its promises resolve after the work, not beside it. */
export function openInline(): BlsBackend {
  return {
    name: "js",
    check: async (checks) => checkAll(checks),
    sign: async (secret, domain, statements) =>
      statements.map((statement) => signStatement(secret, domain, statement)),
    signSync: signStatement,
    publicKey: publicKeyOf,
    parseKey: parseKeyBytes,
    sumKeys: sumKeyPoints,
    close: async () => {},
  };
}

/** Pure JavaScript in a thread of its own. */
export function openJavaScript(): BlsBackend {
  const thread = new Thread<Job, (Uint8Array | undefined)[]>("bls/javascript-worker");
  return {
    ...openInline(),
    check: (checks) => thread.ask({ checks }),
    async sign(secret, domain, statements) {
      const shares = await thread.ask({ checks: [], signing: { secret, domain, statements } });
      return shares.filter((share) => share !== undefined);
    },
    close: () => thread.close(),
  };
}
