import type { Micros } from "@destiny/core/kernel/ids";
import type { Decision, KeyedOperation, NetworkDecision } from "./decisions.ts";

const WHAT = {
  disk: "disk",
  subsystem: "trusted subsystem",
  both: "disk and trusted subsystem",
} as const;

/** A decision in one line. */
export function describeDecision(decision: Decision): string {
  switch (decision.kind) {
    case "command":
      return `${at(decision.at)} client ${decision.client}: ${decision.operations.map(operation).join(", ")}`;
    case "crash": {
      const { boundary, kept } = decision;
      const where =
        boundary === null ? "" : ` ${boundary.side} effect ${boundary.count} of kind ${boundary.effect}`;
      const synced = kept > 0 ? `, up to ${kept} unacknowledged writes durable` : "";
      return `${at(decision.at)} replica ${decision.replica} crashes${where} for ${span(decision.downMicros)}${synced}`;
    }
    case "pause":
    case "stall":
    case "full":
      return `${at(decision.at)} replica ${decision.replica}: ${decision.kind} for ${span(decision.forMicros)}`;
    case "skew":
      return `replica ${decision.replica}: timers take ${decision.factor.toFixed(2)} times as long`;
    case "dead":
      return `${at(decision.at)} replica ${decision.replica} dies (faulty)`;
    case "wipe":
      return `${at(decision.at)} replica ${decision.replica} loses its disk for ${span(decision.downMicros)} (faulty)`;
    case "rollback":
      return `${at(decision.at)} replica ${decision.replica}: ${WHAT[decision.what]} back to ${at(decision.from)} (faulty)`;
    case "clone":
      return `${at(decision.at)} replica ${decision.replica} has a copy of its trusted subsystem (faulty)`;
    case "rot": {
      const where = decision.pages ? "log and saved pages" : "log";
      return `${at(decision.at)} replica ${decision.replica}: ${percent(decision.rate)} of its ${where} rots, down for ${span(decision.downMicros)} (faulty)`;
    }
    case "subsystem-lost": {
      const what = decision.wiped ? "trusted subsystem and disk" : "trusted subsystem";
      const kept = decision.kept ? ", and its host, if Byzantine, goes on with the old one too" : "";
      return `${at(decision.at)} replica ${decision.replica} loses its ${what}, down for ${span(decision.downMicros)}${kept}`;
    }
    case "rogue":
      return `${at(decision.from)} a client of replica ${decision.home} is Byzantine: ${decision.behaviour}`;
    case "byzantine":
      return `${at(decision.from)} replica ${decision.replica} is Byzantine: ${decision.behaviour} (faulty)`;
    default:
      return describeNetwork(decision);
  }
}

function describeNetwork(decision: NetworkDecision): string {
  const when = `${at(decision.from)} to ${at(decision.until)}`;
  switch (decision.kind) {
    case "slow-link":
      return `${when} link ${decision.link.join("->")}: ${span(decision.micros)} slower`;
    case "thin-link": {
      const links = decision.links.map((link) => link.join("->")).join(" ");
      return `${when} links ${links}: ${decision.bytesPerSecond} bytes a second`;
    }
    case "partition": {
      const links = decision.blocked.map((link) => link.join("->")).join(" ");
      const flaps = decision.flapMicros > 0 ? `, flapping every ${span(decision.flapMicros)}` : "";
      return `${when} partition (${decision.shape}) of ${links}${flaps}`;
    }
    default:
      return `${when} ${decision.kind}, ${percent(decision.rate)}`;
  }
}

function operation(keyed: KeyedOperation): string {
  return keyed.type === "put" ? `put k${keyed.key} ${keyed.value}` : `${keyed.type} k${keyed.key}`;
}

function at(micros: Micros): string {
  return `${(micros / 1_000_000).toFixed(3)} s`;
}

function span(micros: Micros): string {
  return micros >= 1_000 ? `${(micros / 1_000).toFixed(0)} ms` : `${micros} us`;
}

function percent(rate: number): string {
  return `${(rate * 100).toFixed(0)} %`;
}
