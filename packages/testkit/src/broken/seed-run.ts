import { playSeed } from "@destiny/check/campaign/subject";
import { findProtocol } from "@destiny/core/catalogue";
import { present } from "@destiny/core/kernel/invariant";

/** Runs one seed of the random simulation on the sources as they are loaded. Null, or which oracle saw what. */
export function runSeed(name: string, n: number, seed: number): string | null {
  const protocol = present(findProtocol(name), `a protocol of this name, ${name}`);
  const { finding } = playSeed({ protocol, n }, seed);
  return finding === null ? null : `${finding.oracle}: ${finding.message}`;
}
