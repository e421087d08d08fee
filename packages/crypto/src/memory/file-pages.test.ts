import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, test } from "vitest";
import { releaseFilePages } from "./file-pages.ts";

const addon = new URL("../../native/build/Release/destiny_bls.node", import.meta.url).pathname;

test("a file that is not mapped has no pages to release", () => {
  expect(releaseFilePages("/no/such/file")).toBe(0);
});

// The addon's own library is mapped, but for its code privately: only shared, read-only mappings are touched.
test.skipIf(!existsSync(addon))("a private mapping is left alone", () => {
  createRequire(import.meta.url)(addon);
  expect(releaseFilePages(addon)).toBe(0);
});
