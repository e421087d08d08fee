import { createHash } from "node:crypto";
import { homeOf } from "@destiny/core/replica/client-table";
import { toDigest } from "@destiny/core/wire/reader";
import { openEd25519 } from "@destiny/crypto/signatures/ed25519";

/**
 * Seeds of clients whose keys spread them evenly: client i is coordinated by replica i modulo n until it moves. The same
 * name gives the same seeds.
 */
export function clientSeeds(name: string, count: number, n: number): Uint8Array[] {
  const { publicKeyFromSeed } = openEd25519();
  return Array.from({ length: count }, (_, index) => {
    for (let attempt = 0; ; attempt += 1) {
      const text = JSON.stringify(["destiny client", name, index, attempt]);
      const seed = Uint8Array.from(createHash("sha256").update(text).digest());
      if (homeOf(toDigest(publicKeyFromSeed(seed)), n) === index % n) return seed;
    }
  });
}
