/** Why something that a peer sent was refused. Counted per peer; never thrown. */
export const Misbehaviour = {
  BadFrame: "bad-frame",
  BadCertificate: "bad-certificate",
  BadShare: "bad-share",
  BadEvidence: "bad-evidence",
  BadValue: "bad-value",
  Equivocation: "equivocation",
  OutsideWatermarks: "outside-watermarks",
  NotForUs: "not-for-us",
  TooManyPulls: "too-many-pulls",
  TooManyRelays: "too-many-relays",
  /** Our own trusted subsystem refused: its counter is ahead of our log, and we do not vote any more in that instance. */
  CounterAhead: "counter-ahead",
  WrongResult: "wrong-result",
  /** Part of the replicated state that the certified root does not vouch for. */
  WrongState: "wrong-state",
} as const;
export type Misbehaviour = (typeof Misbehaviour)[keyof typeof Misbehaviour];
