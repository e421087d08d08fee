import type { Effect, JobResult } from "@destiny/core/effects/effects";
import { configurationOf } from "@destiny/core/kernel/configurations";
import type { InstanceId, ReplicaId } from "@destiny/core/kernel/ids";
import { present } from "@destiny/core/kernel/invariant";
import { Random } from "@destiny/core/kernel/random";
import { type Claim, viewNamedBy } from "@destiny/core/wire/claim";
import { type Message, Vote } from "@destiny/core/wire/messages";
import type { Decision } from "../plan/decisions.ts";
import type { Tally } from "../run/tally.ts";
import type { Stage } from "../stage/stage.ts";
import type { Behaviour, Powers } from "./behaviour.ts";
import { BEHAVIOURS } from "./catalogue.ts";
import { changed } from "./changed.ts";
import { copied } from "./mutation.ts";
import { withOwnShares } from "./own-shares.ts";

const NOTHING: Uint8Array = new Uint8Array(0);

/** Makes replicas Byzantine, each from the time that its decision says, for the rest of the run. */
export function applyByzantine(stage: Stage, decisions: readonly Decision[], tally: Tally): void {
  for (const decision of decisions) {
    if (decision.kind !== "byzantine") continue;
    stage.world.engine.after(decision.from, () => possess(stage, decision, tally));
  }
}

function possess(stage: Stage, decision: Decision & { kind: "byzantine" }, tally: Tally): void {
  const { replica } = decision;
  const factory = present(BEHAVIOURS[decision.behaviour], "a behaviour of the catalogue");
  const behaviour = factory(powersOf(stage, decision));
  tally.fault(`byzantine: ${decision.behaviour}`);
  stage.interferences.push((host, effect) => (host.self === replica ? interfere(behaviour, effect) : null));
  const { overhears } = behaviour;
  if (overhears === undefined) return;
  stage.world.network.watch((parcel) => {
    if (parcel.to === replica) overhears.call(behaviour, parcel);
  });
}

function interfere(behaviour: Behaviour, effect: Effect): readonly Effect[] | null {
  const isSending = effect.type === "send" || effect.type === "broadcast";
  return (isSending ? behaviour.sends?.(effect) : behaviour.does?.(effect)) ?? null;
}

function powersOf(stage: Stage, { replica: self, seed }: Decision & { kind: "byzantine" }): Powers {
  const { world, faults, parameters } = stage;
  const { n } = faults;
  const host = world.host(self);
  return {
    self,
    n,
    f: stage.majorities.faulty,
    random: new Random(seed),
    suspicionMicros: parameters.suspicionDelay,
    send(to, instance, message, delay = 0) {
      world.engine.after(delay, () => {
        // Elsewhere the object may mean something else: receivers note what they read in it.
        const content = copied(instance, message);
        if (host.alive && content !== null) world.network.send({ from: self, to, instance, content });
      });
    },
    resigned: (instance, message) => resigned(stage, self, { instance, message }),
    every(period, call) {
      const again = (): void => {
        if (host.alive) call();
        world.engine.after(period, again);
      };
      again();
    },
  };
}

/** Whatever its own checks ask of its own signature, it can ask its own subsystem for. */
function resigned(
  stage: Stage,
  self: number,
  { instance, message }: { readonly instance: InstanceId; readonly message: Message },
): Message {
  let signed = withOwnShares(instance, message, (claim) => {
    const result = certify(stage, self, claim);
    return result.type === "certified" ? result.share : NOTHING;
  });
  const checks = stage.replica(self).checks(instance, message) ?? [];
  for (const check of checks) {
    if (check.type !== "identity" || check.signer !== self) continue;
    const result = certify(stage, self, check.claim);
    if (result.type !== "certified") continue;
    const field = "signature" in message ? "signature" : "certificate";
    const fresh = {
      [field]: result.certificate,
      ...("share" in message && { share: shareIn(message, self, result) }),
    };
    signed = changed(signed, fresh);
  }
  return signed;
}

/** Votes that are signed one by one have their signer and the certificate in the place of a share. */
function shareIn(
  message: Message,
  self: ReplicaId,
  { share, certificate }: JobResult & { type: "certified" },
): Uint8Array {
  if (share.length > 0 || !(message instanceof Vote)) return share;
  return Uint8Array.of(self & 0xff, self >> 8, ...certificate);
}

/** By its own subsystem, or the former where the claim is about what was before; or by a copy, where they refuse. */
function certify(stage: Stage, self: ReplicaId, claim: Claim): JobResult {
  const { world, clones, formers } = stage;
  const former = isOfBefore(stage, self, claim) ? formers.get(self) : undefined;
  const result = world.trust.certify(self, former ?? world.host(self).subsystem, claim);
  const clone = clones.get(self);
  return result.type === "certified" || clone === undefined
    ? result
    : world.trust.certify(self, clone, claim);
}

/** Whether the view that the claim names is of a configuration without the replica's present subsystem. */
function isOfBefore(stage: Stage, self: ReplicaId, claim: Claim): boolean {
  const view = viewNamedBy(claim);
  const { admittedWith } = stage.status(self);
  return view !== null && (admittedWith === null || configurationOf(view, stage.faults.n) < admittedWith);
}
