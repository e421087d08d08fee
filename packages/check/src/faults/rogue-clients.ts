import { present } from "@destiny/core/kernel/invariant";
import { Random } from "@destiny/core/kernel/random";
import type { ClientMessage } from "@destiny/core/wire/client-protocol";
import type { Decision, RogueDecision } from "../plan/decisions.ts";
import { ROGUES } from "../rogues/catalogue.ts";
import type { Tally } from "../run/tally.ts";
import type { Stage } from "../stage/stage.ts";

/** Lets Byzantine clients take part, each from the time that its decision says. */
export function applyRogueClients(stage: Stage, decisions: readonly Decision[], tally: Tally): void {
  for (const decision of decisions) {
    if (decision.kind === "rogue")
      stage.world.engine.after(decision.from, () => join(stage, decision, tally));
  }
}

function join(stage: Stage, { home, behaviour, seed }: RogueDecision, tally: Tally): void {
  const { world, clients, faults } = stage;
  const { n } = faults;
  const rogue = stage.addRogue(home);
  tally.fault(`client: ${behaviour}`);
  present(
    ROGUES[behaviour],
    "a behaviour of the catalogue",
  )({
    rogue,
    n,
    random: new Random(seed),
    others: clients.map(({ key }) => key),
    overhear(listener) {
      world.network.watch(({ from, to, content }) => {
        const isOther = from >= n && to < n && stage.clientAt(from) !== rogue.key;
        if (isOther) listener(content as ClientMessage);
      });
    },
  });
}
