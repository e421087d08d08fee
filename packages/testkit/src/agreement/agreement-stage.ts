import type { AgreementProtocol } from "@destiny/core/agreement/agreement";
import type { FaultModel } from "@destiny/core/kernel/fault-model";
import { proposalWindowOf } from "@destiny/core/kernel/slot-ring";
import type { Message, MessageKind, Vote } from "@destiny/core/wire/messages";
import { expect, test } from "vitest";
import { AgreementCluster } from "./agreement-cluster.ts";

/** What the suite must know of a protocol to break it. */
export interface AgreementWords {
  /** The proposal, the share of a replica, and the certificate that decides. */
  readonly proposal: MessageKind;
  readonly vote: MessageKind;
  readonly certificate: MessageKind;
  /**
   * Votes are claims of their senders, and slots do not wait for each other: there are no shares to collect and no order
   * to keep, and what one replica alone says of a decision proves nothing.
   */
  readonly claims?: boolean;
  /** Certificates are lists of votes, and everybody makes their own: there are no shares to collect. */
  readonly lists?: boolean;
  /**
   * There are shares to collect, but slots do not wait for each other; and a collector may lag behind those who send it shares, so
   * that none is misbehaviour because of its slot.
   */
  readonly unordered?: boolean;
  /** Makes a replica's share, if that is no Vote. */
  readonly share?: (fields: Omit<Vote, "kind">) => Message;
}

/** Slots of the window in which the suites run. */
export const WINDOW = 24;
/** Slots of it that a primary proposes in. */
export const ROOM: number = proposalWindowOf(WINDOW);

/** So many values from this one on, as the suites have them proposed. */
export function texts(count: number, first = 1): string[] {
  return Array.from({ length: count }, (_, i) => `value ${first + i}`);
}

/** Expects that every replica has handed up this log, and nothing above it. */
export function expectEverywhere(cluster: AgreementCluster, log: readonly string[]): void {
  for (const replica of cluster.replicas) {
    expect(cluster.log(replica), `replica ${replica}`).toEqual(log);
    expect(cluster.agreement(replica).decided).toBe(log.length);
  }
}

/** One protocol in clusters of several sizes: where the tests of a suite are put on. */
export class AgreementStage {
  readonly protocol: AgreementProtocol;
  readonly faultModel: (n: number) => FaultModel;
  readonly sizes: readonly number[];

  constructor(protocol: AgreementProtocol, faultModel: (n: number) => FaultModel, sizes: readonly number[]) {
    this.protocol = protocol;
    this.faultModel = faultModel;
    this.sizes = sizes;
  }

  /** A fresh cluster of n. */
  open(n: number, seed = 1): AgreementCluster {
    return new AgreementCluster(this.protocol, { faults: this.faultModel(n), window: WINDOW, seed });
  }

  /** A test of what the protocol promises, in a fresh cluster of each size. */
  contract(says: string, check: (cluster: AgreementCluster, faults: FaultModel) => void): void {
    test.each(this.sizes)(`${this.protocol.name}, n = %i: ${says}`, (n) => {
      check(this.open(n), this.faultModel(n));
    });
  }
}
