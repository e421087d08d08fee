// A registry mirror without the binaries of other platforms makes `npm install` leave them out of the lock, and then
// `npm ci` refuses that lock everywhere. This adds what the packages' own manifests pin: run it after `npm install`.
import { readFileSync, writeFileSync } from "node:fs";

const SYSTEMS = ["android", "darwin", "freebsd", "openharmony", "win32", "linux"];
const PROCESSORS = ["arm64", "riscv64", "s390x", "ppc64", "ia32", "x64", "arm"];

const path = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(path, "utf8"));

function platformEntry(name, version, parent) {
  const os = SYSTEMS.find((each) => name.includes(each));
  const cpu = PROCESSORS.find((each) => name.includes(each));
  if (os === undefined || cpu === undefined || !/^\d+\.\d+\.\d+/.test(version)) return undefined;
  const libc = os === "linux" ? [name.includes("musl") ? "musl" : "glibc"] : undefined;
  return { version, cpu: [cpu], dev: parent.dev, libc, optional: true, os: [os] };
}

for (const parent of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    const locked = Object.keys(lock.packages).some((key) => key.endsWith(`node_modules/${name}`));
    const entry = locked ? undefined : platformEntry(name, version, parent);
    if (entry === undefined) continue;
    lock.packages[`node_modules/${name}`] = entry;
    process.stdout.write(`added ${name}@${version}\n`);
  }
}

const byKey = ([a], [b]) => (a < b ? -1 : 1);
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(byKey));
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
