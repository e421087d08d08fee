import { Counter } from "@destiny/core/wire/statement";
import { expect, test } from "vitest";
import { ModelScheme } from "../certificates/model.ts";
import { openIdentity } from "./identity-signer.ts";
import type { CertifyRequest, CounterEntry } from "./request.ts";
import { SigningService } from "./service.ts";
import { SignerUnavailable } from "./subsystem.ts";
import { ThreshSign } from "./threshsign.ts";

/** A journal whose disk ends a write when the test says so. */
class HeldJournal {
  readonly groups: number[][] = [];
  #end: { resolve: () => void; reject: (reason: Error) => void } | undefined;

  commit(entries: readonly CounterEntry[]): Promise<void> {
    this.groups.push(entries.map(({ value }) => value.seq));
    return new Promise((resolve, reject) => {
      this.#end = { resolve, reject };
    });
  }

  durable(): void {
    this.#end?.resolve();
  }

  broken(): void {
    this.#end?.reject(new Error("EIO"));
  }

  close(): void {}
}

function machine(): ThreshSign {
  const scheme = new ModelScheme({ kind: "threshold", n: 3, threshold: 2, seed: "service" });
  const keys = { shares: scheme.signer(0), identity: openIdentity("01".repeat(32)) };
  return new ThreshSign({
    preamble: { cluster: "c".repeat(32), configuration: 0 },
    replica: 0,
    bootEpoch: 1,
    instances: 1,
    ...keys,
  });
}

function ask(seq: number): CertifyRequest {
  return {
    kind: "independent",
    instance: 0,
    counter: Counter.Order,
    value: { view: 0, seq },
    message: Uint8Array.of(seq),
  };
}

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("calls of one tick share a write, later ones wait for the next, and nothing leaves before it is durable", async () => {
  const journal = new HeldJournal();
  const service = new SigningService(machine(), journal, () => {});
  const released: number[] = [];
  const certify = (...seqs: number[]): void => {
    void service.certify(seqs.map(ask)).then((outcomes) => released.push(...seqs, outcomes.length));
  };
  certify(1, 2);
  certify(3);
  await tick();
  certify(4);
  await tick();
  expect(journal.groups).toEqual([[1, 2, 3]]);
  expect(released).toEqual([]);

  journal.durable();
  await tick();
  expect(released).toEqual([1, 2, 2, 3, 1]);
  expect(journal.groups).toEqual([[1, 2, 3], [4]]);

  journal.durable();
  await service.close();
  expect(released).toEqual([1, 2, 2, 3, 1, 4, 1]);
});

test("a disk that fails once ends it: nothing of that write is released, then or later", async () => {
  const journal = new HeldJournal();
  const failures: unknown[] = [];
  const service = new SigningService(machine(), journal, (cause) => failures.push(cause));
  const first = service.certify([ask(1)]);
  await tick();
  const second = service.certify([ask(2)]);
  journal.broken();

  await expect(first).rejects.toThrow(SignerUnavailable);
  await expect(second).rejects.toThrow(SignerUnavailable);
  await expect(service.certify([ask(1)])).rejects.toThrow(SignerUnavailable);
  expect(failures).toEqual([new Error("EIO")]);
  expect(journal.groups).toEqual([[1]]);
});
