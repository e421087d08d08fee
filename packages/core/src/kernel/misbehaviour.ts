/** Why something that a peer sent was refused. Counted per peer; never thrown. */
export const Misbehaviour = {
  BadFrame: "bad-frame",
  BadCertificate: "bad-certificate",
  BadShare: "bad-share",
  BadEvidence: "bad-evidence",
  BadValue: "bad-value",
  Equivocation: "equivocation",
  OutsideWatermarks: "outside-watermarks",
  NotPrimary: "not-primary",
  NotForUs: "not-for-us",
  TooManyPulls: "too-many-pulls",
  WrongResult: "wrong-result",
} as const;
export type Misbehaviour = (typeof Misbehaviour)[keyof typeof Misbehaviour];
