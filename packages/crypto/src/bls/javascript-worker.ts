import { serve } from "../threads/serve.ts";
import { checkAll, signStatement } from "./curve.ts";
import type { Job } from "./javascript.ts";

// The thread of the pure JavaScript back end.

serve(({ checks, signing }: Job): (Uint8Array | undefined)[] => {
  if (signing === undefined) return checkAll(checks);
  return signing.statements.map((statement) => signStatement(signing.secret, signing.domain, statement));
});
