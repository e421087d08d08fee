import type { InstanceId } from "@destiny/core/kernel/ids";
import type { Message } from "@destiny/core/wire/messages";
import type { Behaviour, Powers } from "./behaviour.ts";

const REMEMBERED = 512;
const PERIOD = 20_000;

/** Sends again what it has seen, its own and others', much later, to others, and in other instances. */
export function replayer({ self, n, random, send, every }: Powers): Behaviour {
  const remembered: { readonly instance: InstanceId; readonly message: Message }[] = [];
  const remember = (instance: InstanceId, message: Message): void => {
    const place = remembered.length < REMEMBERED ? remembered.length : random.below(REMEMBERED);
    remembered[place] = { instance, message };
  };
  every(PERIOD, () => {
    const old = remembered[random.below(remembered.length)];
    if (old === undefined) return;
    const instance = random.chance(0.2) ? random.below(n + 1) : old.instance;
    send((self + 1 + random.below(n - 1)) % n, instance, old.message);
  });
  return {
    sends({ instance, message }) {
      remember(instance, message);
      return null;
    },
    overhears: ({ from, instance, content }) => {
      if (from < n) remember(instance, content as Message);
    },
  };
}
