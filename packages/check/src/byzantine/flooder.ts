import { ROOT } from "@destiny/core/kernel/ids";
import {
  CheckpointSig,
  ExecSig,
  type Message,
  MessageKind,
  Pull,
  Status,
  Vote,
} from "@destiny/core/wire/messages";
import { digestOf } from "@destiny/crypto/hash/sha256";
import type { Behaviour, Powers } from "./behaviour.ts";

const PERIOD = 50_000;
const BURST = 8;
const FAR = 2 ** 48 - 1;

/** Sends what costs more to take than to make: votes for slots and views far away, pulls, shares of nothing. */
export function flooder({ self, n, random, send, every }: Powers): Behaviour {
  const place = (): number => (random.chance(0.3) ? FAR - random.below(3) : random.below(40));
  const digest = (): string => digestOf(Uint8Array.of(random.below(4)));
  const share = new Uint8Array(96);
  const junk = (): [number, Message] => {
    const seq = place();
    switch (random.below(6)) {
      case 0:
        return [random.below(n + 1), new Pull(random.below(20), FAR, true)];
      case 1:
        return [ROOT, new ExecSig({ seq, entry: random.below(8), root: digest(), share })];
      case 2:
        return [ROOT, new CheckpointSig({ seq, root: digest(), share })];
      case 3:
        return [
          ROOT,
          new Status({
            executed: seq,
            stable: seq,
            decided: Array.from({ length: n + 1 }, place),
            views: [],
          }),
        ];
      default: {
        const { CommitSig, PbftPrepare, PbftCommit, HybsterCommit, SbftCommitShare } = MessageKind;
        const kinds = [CommitSig, PbftPrepare, PbftCommit, HybsterCommit, SbftCommitShare];
        const kind = kinds[random.below(kinds.length)] ?? MessageKind.CommitSig;
        return [random.below(n + 1), new Vote({ kind, view: random.below(4), seq, digest: digest(), share })];
      }
    }
  };
  every(PERIOD, () => {
    for (let i = 0; i < BURST; i += 1) {
      const [instance, message] = junk();
      send((self + 1 + random.below(n - 1)) % n, instance, message);
    }
  });
  return {};
}
