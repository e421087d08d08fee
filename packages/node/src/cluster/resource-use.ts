import { readdirSync, readFileSync } from "node:fs";

/** What a process has used so far. */
export interface ResourceUse {
  readonly cpuSeconds: number;
  /** Memory that is in use now. */
  readonly residentBytes: number;
}

/** Ticks of the CPU clock in a second, as Linux tells programs on every platform that Node runs on. */
const TICKS_PER_SECOND = 100;
const KIBIBYTE = 1024;

/** What a process used; null if it has ended, or this system does not tell by `/proc`. */
export function resourceUse(pid: number): ResourceUse | null {
  const stat = read(`/proc/${pid}/stat`);
  const resident = /^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`) ?? "");
  if (stat === null || resident === null) return null;
  const fields = fieldsOf(stat);
  // Fields 14 and 15 of proc(5), counted after the name.
  const ticks = Number(fields[11]) + Number(fields[12]);
  return { cpuSeconds: ticks / TICKS_PER_SECOND, residentBytes: Number(resident[1]) * KIBIBYTE };
}

/** The processes that a process started itself, such as a replica's trusted signer. */
export function childrenOf(pid: number): number[] {
  return processIds().filter((id) => {
    const stat = read(`/proc/${id}/stat`);
    return stat !== null && Number(fieldsOf(stat)[1]) === pid;
  });
}

function processIds(): number[] {
  try {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

/** What follows the name, which may hold anything, in parentheses. */
function fieldsOf(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

function read(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
