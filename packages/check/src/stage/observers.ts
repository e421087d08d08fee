import type { Observer } from "./observer.ts";

type Told = Required<Observer>;

/** Tells several observers, in their order. Only those that listen to an event are called for it. */
export class Observers {
  readonly told: Told;

  constructor(observers: readonly Observer[]) {
    this.told = {
      sent: fanOut(observers, "sent"),
      signed: fanOut(observers, "signed"),
      asked: fanOut(observers, "asked"),
      left: fanOut(observers, "left"),
      started: fanOut(observers, "started"),
      crashed: fanOut(observers, "crashed"),
      wiped: fanOut(observers, "wiped"),
      resumedFrom: fanOut(observers, "resumedFrom"),
      transferred: fanOut(observers, "transferred"),
      delivered: fanOut(observers, "delivered"),
      assigned: fanOut(observers, "assigned"),
      checkpointed: fanOut(observers, "checkpointed"),
      replied: fanOut(observers, "replied"),
      stepping: fanOut(observers, "stepping"),
      stepped: fanOut(observers, "stepped"),
    };
  }
}

function fanOut<Name extends keyof Observer>(observers: readonly Observer[], name: Name): Told[Name] {
  const listeners = observers.filter((observer) => observer[name] !== undefined);
  const call = (...args: unknown[]): void => {
    for (const listener of listeners) (listener[name] as (...args: unknown[]) => void)(...args);
  };
  return call as Told[Name];
}
