import { MessageKind } from "@destiny/core/wire/messages";
import type { Charges, Cost, CostProfile } from "./cost-profile.ts";
import type { RoundPrices } from "./rounds.ts";

/** How much of what a charge is for. */
export interface Quantity {
  readonly bytes: number;
  readonly requests: number;
  readonly commands: number;
  readonly shares: number;
  readonly receivers: number;
}

/** A cost with every number in place, times the profile's overhead. */
export class Price {
  readonly #micros: number;
  readonly #perByte: number;
  readonly #perCommand: number;
  readonly #perRequest: number;
  readonly #perShare: number;
  readonly #perShareSquared: number;
  readonly #perReceiver: number;
  readonly #perReceiverByte: number;
  /** Whether it costs nothing, whatever it is for. */
  readonly free: boolean;
  /** Whether nothing but bytes matters. */
  readonly ofBytesAlone: boolean;

  constructor(cost: Cost | undefined, factor: number) {
    this.#micros = (cost?.micros ?? 0) * factor;
    this.#perByte = ((cost?.nanosPerByte ?? 0) * factor) / 1000;
    this.#perCommand = (cost?.microsPerCommand ?? 0) * factor;
    this.#perRequest = (cost?.microsPerRequest ?? 0) * factor;
    this.#perShare = (cost?.microsPerShare ?? 0) * factor;
    this.#perShareSquared = (cost?.microsPerShareSquared ?? 0) * factor;
    this.#perReceiver = (cost?.microsPerReceiver ?? 0) * factor;
    this.#perReceiverByte = ((cost?.nanosPerReceiverByte ?? 0) * factor) / 1000;
    const others = Object.entries(cost ?? {}).filter(
      ([name]) => name !== "micros" && name !== "nanosPerByte",
    );
    this.ofBytesAlone = others.every(([, value]) => value === 0);
    this.free = Object.values(cost ?? {}).every((value) => value * factor === 0);
  }

  /** For a message of so many bytes, in micros. */
  ofBytes(bytes: number): number {
    return this.#micros + this.#perByte * bytes;
  }

  of({ bytes, requests, commands, shares, receivers }: Quantity): number {
    const parts = this.#perRequest * requests + this.#perCommand * commands;
    const each = receivers * (this.#perReceiver + this.#perReceiverByte * bytes);
    return this.ofBytes(bytes) + parts + each + shares * (this.#perShare + this.#perShareSquared * shares);
  }
}

/** What one kind of thing costs, and who pays. */
export interface Tariff {
  readonly loop: Price;
  readonly before: Price;
  readonly beside: Price;
}

/** Tariffs by kind of message: an array, for it is asked for every message. */
export type MessageTariffs = readonly Tariff[];

/** All that a machine charges. */
export interface PriceList {
  readonly receive: MessageTariffs;
  readonly send: MessageTariffs;
  readonly prepare: MessageTariffs;
  certify(claim: string): Tariff;
  combine(scheme: string): Tariff;
  readonly request: Tariff;
  readonly reply: Tariff;
  readonly execute: Tariff;
  readonly record: Tariff;
  readonly own: Tariff;
  readonly rounds: RoundPrices;
  /** Of clients. */
  readonly sign: Tariff;
  readonly verify: Tariff;
}

/** A profile's prices; all are 0 where processors are left out. */
export function priceList(profile: CostProfile, cpu: boolean): PriceList {
  const factor = cpu ? profile.overhead.factor : 0;
  const others = named(profile.other, factor);
  return {
    receive: byKind(profile.receive, factor),
    send: byKind(profile.send, factor),
    prepare: byKind(profile.prepare, factor),
    certify: named(profile.certify, factor),
    combine: named(profile.combine, factor),
    request: others("request"),
    reply: others("reply"),
    execute: others("execute"),
    record: others("record"),
    own: others("own"),
    rounds: {
      ...{ wake: loopMicros(profile, "wake", factor), read: loopMicros(profile, "read", factor) },
      flush: loopMicros(profile, "flush", factor),
    },
    sign: others("sign"),
    verify: others("verify"),
  };
}

/** Of a charge that no default stands in for: 0 if the profile does not name it. */
function loopMicros({ other }: CostProfile, name: string, factor: number): number {
  return new Price(other[name]?.loop, factor).ofBytes(0);
}

function byKind(charges: Charges, factor: number): MessageTariffs {
  const find = named(charges, factor);
  const tariffs: Tariff[] = [];
  for (const [name, kind] of Object.entries(MessageKind)) tariffs[kind] = find(name);
  const other = find("default");
  return Array.from({ length: tariffs.length }, (_, kind) => tariffs[kind] ?? other);
}

function named(charges: Charges, factor: number): (name: string) => Tariff {
  const tariffs = new Map<string, Tariff>();
  for (const [name, charge] of Object.entries(charges)) {
    tariffs.set(name, {
      loop: new Price(charge.loop, factor),
      before: new Price(charge.before, factor),
      beside: new Price(charge.beside, factor),
    });
  }
  const nothing = new Price(undefined, 0);
  const other = tariffs.get("default") ?? { loop: nothing, before: nothing, beside: nothing };
  return (name) => tariffs.get(name) ?? other;
}
