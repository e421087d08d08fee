/** Bounds of everything on the wire: above them a frame is refused before anything is made of it. */
export const LIMITS = {
  /** One operation of one command: 512 KiB. */
  operationBytesMax: 524_288,
  /** One signed request, however many commands it bundles: 1 MiB. */
  requestBytesMax: 1_048_576,
  /** Commands in one signed request. */
  requestCommandsMax: 4096,
  /** One batch: a full one plus a request that just did not fit: 2 MiB. */
  batchBytesMax: 2_097_152,
  /** A value of any instance: 2 MiB. */
  valueBytesMax: 2_097_152,
  /** Evidence items of one O-proposal: one per reference. */
  evidenceMax: 1024,
  /** A share of a certificate, any scheme. */
  shareBytesMax: 192,
  /** A certificate of any scheme: an aggregate with a bitmap of 1024 signers, or 17 signatures side by side. */
  certificateBytesMax: 1152,
  /** Evidence of a decision without threshold signatures: a quorum's certificates at n = 1024, 2f + 1, take 36 kB. */
  evidenceBytesMax: 36_864,
  /** Any frame between replicas: 4 MiB. */
  frameBytesMax: 4_194_304,
  /** The results of one request's commands together: 3 MiB, so that a reply fits into its frame. */
  requestResultsBytesMax: 3_145_728,
  /** The results of one ordered entry together: 64 MiB, plus those of the request that crosses it. */
  entryResultsBytesMax: 67_108_864,
  /** The result of one command: 256 KiB. */
  resultBytesMax: 262_144,
} as const;
