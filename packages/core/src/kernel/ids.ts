/** Index of a replica in the cluster configuration: 0 to n − 1. */
export type ReplicaId = number;
/** Number of a view, from 0. */
export type View = number;
/** Position in an instance's log, from 1; 0 is the empty log. Below 2^48, as on the wire. */
export type SequenceNumber = number;
/** Which inner instance a message belongs to; {@link ROOT} is the replica around them. */
export type InstanceId = number;
/** Names a timer within its instance. */
export type TimerId = number;
/** Names a job (certify, combine) within its instance until it completes. */
export type Ticket = number;
/** A span of time, in microseconds. */
export type Micros = number;

/**
 * SHA-256 of something, as a string of 32 latin-1 characters: equality and map keys are free, and the wire has 32 bytes.
 */
export type Digest = string;

/** The replica layer's own address, beside those of the inner instances. */
export const ROOT: InstanceId = 0xffff;
/** Most replicas that a cluster can have: instance ids and entry fields are 16 bits wide. */
export const REPLICAS_MAX = 1024;
/** Largest view and sequence number: 48 bits on the wire, so that no flapping instance can exhaust them. */
export const COUNTER_MAX: number = 2 ** 48 - 1;
/** Length of a digest, in bytes and in characters. */
export const DIGEST_BYTES = 32;
