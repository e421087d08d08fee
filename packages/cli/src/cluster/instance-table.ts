import { configurationOf, firstViewOf } from "@destiny/core/kernel/configurations";
import type { ReplicaId } from "@destiny/core/kernel/ids";
import type { InstanceStatus } from "@destiny/core/ordering/orderer";
import type { StatusReport } from "@destiny/node/observability/status-report";
import { formatTable } from "../output/print.ts";

/** Above so many, only instances of which there is something to say are listed. */
const LISTED_MAX = 16;

const HEADINGS = ["instance", "view", "primary", "state", "decided", "suspected by", "at replicas"];

/** An instance as some replicas see it alike. */
interface Sight {
  readonly instance: number;
  readonly view: number;
  readonly primary: ReplicaId;
  readonly active: boolean;
  /** The furthest of them. */
  decided: number;
  probation: number;
  readonly complainers: Set<ReplicaId>;
  readonly at: ReplicaId[];
}

/** What the replicas that answer say of each instance: one line where they agree on its view, else one for each opinion. */
export function instanceTable(reports: readonly StatusReport[]): string {
  const [first] = reports;
  if (first === undefined) return "";
  const { n } = first;
  const answering = new Set(reports.map(({ replica }) => replica));
  const lines: (string | number)[][] = [];
  let quiet = 0;
  // The instance that orders comes last in a report, and first here.
  const order = [...first.instances.keys()].sort((a, b) => Number(b === n) - Number(a === n) || a - b);
  for (const instance of order) {
    const sights = sightsOf(instance, reports);
    if (
      n > LISTED_MAX &&
      instance !== n &&
      !sights.some((sight) => isOfNote(sight, n, sights.length, answering))
    )
      quiet += 1;
    else lines.push(...sights.map((sight) => lineOf(sight, first, answering)));
  }
  const table = formatTable(HEADINGS, lines);
  return quiet === 0 ? table : `${table}\nThe other ${quiet} are in the first views of their homes.`;
}

function sightsOf(instance: number, reports: readonly StatusReport[]): Sight[] {
  const sights = new Map<string, Sight>();
  for (const { replica, instances } of reports) {
    const status = instances[instance];
    if (status === undefined) continue;
    const { view, active } = status;
    const key = `${view} ${active}`;
    const sight = sights.get(key) ?? emptySight(instance, status);
    sights.set(key, sight);
    sight.decided = Math.max(sight.decided, status.decided);
    sight.probation = Math.max(sight.probation, status.probation);
    for (const complainer of status.complainers) sight.complainers.add(complainer);
    sight.at.push(replica);
  }
  return [...sights.values()].sort((a, b) => b.view - a.view);
}

function emptySight(instance: number, { view, primary, active }: InstanceStatus): Sight {
  return { instance, view, primary, active, decided: 0, probation: 0, complainers: new Set(), at: [] };
}

function isOfNote(
  { view, primary, active, complainers }: Sight,
  n: number,
  opinions: number,
  answering: ReadonlySet<ReplicaId>,
): boolean {
  return placeOf(view, n) > 0 || !active || complainers.size > 0 || opinions > 1 || !answering.has(primary);
}

function lineOf(
  sight: Sight,
  { n, instances }: StatusReport,
  answering: ReadonlySet<ReplicaId>,
): (string | number)[] {
  const { instance, view, primary, decided, complainers, at } = sight;
  const composed = instances.length > 1;
  const name = composed ? (instance === n ? "O" : `D${instance}`) : "O";
  return [
    name,
    viewText(view, n),
    primary,
    stateOf(sight, composed && instance !== n, answering),
    decided,
    [...complainers].sort((a, b) => a - b).join(", ") || "-",
    at.length === answering.size ? "all" : at.join(", "),
  ];
}

/** Where a view stands among those of its configuration. */
function placeOf(view: number, n: number): number {
  return view - firstViewOf(configurationOf(view, n), n);
}

/** A view of a later configuration is told with it: a signer was admitted again (hybster.md 10.1). */
function viewText(view: number, n: number): string | number {
  const configuration = configurationOf(view, n);
  return configuration === 0 ? view : `${configuration}/${placeOf(view, n)}`;
}

function stateOf(
  { instance, primary, active, decided, probation }: Sight,
  disseminates: boolean,
  answering: ReadonlySet<ReplicaId>,
): string {
  if (!active) return "changing views";
  if (disseminates && primary !== instance) return `replica ${instance} is away`;
  if (!answering.has(primary)) return `replica ${primary} does not answer`;
  return decided < probation ? `on probation, ${probation - decided} slots left` : "serving";
}
