import type { Reaction } from "../../statistics/timeline.ts";
import { inequality, type Measure, ratio, reaction } from "../quantity.ts";
import * as names from "./names.ts";

const dip = ({ dip: lowest, before }: Reaction): number => lowest / before;
const gain = ({ after, before }: Reaction): number => after / before;
const stop = ({ stopped, after }: Reaction): number => stopped / after;
const recovery = ({ atEnd, after }: Reaction): number => atEnd / after;

/** After the view change, throughput is at least so much of what it was. */
const RECOVERED = [0.9, null] as const;

/** Figure 10. */
export const IMBALANCE: Readonly<Record<string, readonly Measure[]>> = {
  T1: names.only(inequality(names.ALIKE.map((protocol) => reaction(protocol, ({ before }) => before)))),
  T2: names.perProtocol(names.ALIKE, (protocol) => reaction(protocol, dip)),
  T3: names.only(reaction(names.DQPBFT, gain)),
  T4: names.perProtocol([names.RCC, names.MIRBFT], (protocol) => reaction(protocol, gain)),
  T5: names.only(
    ratio(
      reaction(names.DQPBFT, ({ after }) => after),
      reaction(names.RCC, ({ after }) => after),
    ),
  ),
  T6: [
    ...names.perProtocol(names.ALIKE, (protocol) => reaction(protocol, stop)),
    ...names
      .perProtocol(names.ALIKE, (protocol) => reaction(protocol, recovery), { accept: RECOVERED })
      .map((measure) => ({ ...measure, label: `${measure.label}, recovered` })),
  ],
};
