import type { Micros, ReplicaId } from "@destiny/core/kernel/ids";

/** Of virtual time. */
export interface Span {
  readonly from: Micros;
  readonly to: Micros;
}

/** What the network interfaces of replicas and the links between them have carried since the last {@link Traffic.reset}. */
export class Traffic {
  readonly #n: number;
  readonly #span: Span;
  /** By replica: messages to peers that came, and bytes of everything, both ways. */
  readonly received: Float64Array;
  readonly receivedBytes: Float64Array;
  readonly sentBytes: Float64Array;
  /** By replica, microseconds summed over messages: what it sent, in front of its interface and of links; what came to it. */
  readonly egressWait: Float64Array;
  readonly linkWait: Float64Array;
  readonly ingressWait: Float64Array;
  /** Bytes from each replica to each other: `from * n + to`. */
  readonly pairBytes: Float64Array;

  /** `span`: when what leaves is counted; {@link Traffic.reset} changes nothing of that. */
  constructor(n: number, span: Span = { from: 0, to: Number.POSITIVE_INFINITY }) {
    this.#n = n;
    this.#span = span;
    this.received = new Float64Array(n);
    this.receivedBytes = new Float64Array(n);
    this.sentBytes = new Float64Array(n);
    this.egressWait = new Float64Array(n);
    this.linkWait = new Float64Array(n);
    this.ingressWait = new Float64Array(n);
    this.pairBytes = new Float64Array(n * n);
  }

  reset(): void {
    const { received, receivedBytes, egressWait, linkWait, ingressWait, pairBytes } = this;
    const all = [received, receivedBytes, egressWait, linkWait, ingressWait, pairBytes];
    for (const numbers of all) numbers.fill(0);
  }

  /** Everything that replicas were sent, by each other and by clients. */
  get delivered(): number {
    return this.received.reduce((sum, each) => sum + each, 0);
  }

  /** So many bytes leave a replica in so long a time, after they have waited so long in sum. */
  onEgress(from: ReplicaId, bytes: number, wait: Micros, leaving: Span): void {
    this.sentBytes[from] = (this.sentBytes[from] as number) + bytes * this.#shareOf(leaving);
    this.egressWait[from] = (this.egressWait[from] as number) + wait;
  }

  onLink(from: ReplicaId, to: ReplicaId, bytes: number, wait: Micros): void {
    const pair = from * this.#n + to;
    this.pairBytes[pair] = (this.pairBytes[pair] as number) + bytes;
    this.linkWait[from] = (this.linkWait[from] as number) + wait;
  }

  onIngress(to: ReplicaId, bytes: number, wait: Micros): void {
    this.received[to] = (this.received[to] as number) + 1;
    this.receivedBytes[to] = (this.receivedBytes[to] as number) + bytes;
    this.ingressWait[to] = (this.ingressWait[to] as number) + wait;
  }

  /** What is handed over near the ends of the span may have left before it, or leave after it. */
  #shareOf({ from, to }: Span): number {
    const span = this.#span;
    if (from >= span.from && to <= span.to) return 1;
    const inside = Math.min(to, span.to) - Math.max(from, span.from);
    return inside <= 0 ? 0 : inside / (to - from);
  }
}
