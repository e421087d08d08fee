import type { ConnectionOptions, TLSSocket } from "node:tls";
import type { ReplicaId } from "@destiny/core/kernel/ids";
import { invariant, present } from "@destiny/core/kernel/invariant";
import type { Fingerprint } from "../identity/fingerprint.ts";
import { checkOptions, limitsOf } from "./check-options.ts";
import { Dialer } from "./dialer.ts";
import { Door } from "./door.ts";
import { faultOfHello, identify } from "./greeting.ts";
import { encodeHello, type Hello, MESH_VERSION } from "./hello.ts";
import { Link, type LinkOwner } from "./link.ts";
import type { MeshFault, MeshLimits, MeshOptions, PeerStatistics } from "./options.ts";
import { newPeer, type Peer } from "./peer.ts";
import { clientOptions, serverOptions } from "./tls.ts";

/**
 * The links between this replica and all others: mutually authenticated by pinned certificates, one per pair,
 * dialled by the higher id, and dialled again for ever. It carries frames and promises only that those of one
 * link arrive in order and unaltered; frames to a peer that is away or too slow are dropped.
 */
export class Mesh {
  readonly #options: MeshOptions;
  readonly #limits: MeshLimits;
  readonly #hello: Hello;
  readonly #peers = new Map<ReplicaId, Peer>();
  readonly #pins = new Map<Fingerprint, Peer>();
  readonly #dialers = new Map<ReplicaId, Dialer>();
  /**
   * Peers that could not be reached since they were last linked, so that an outage is one line of the log.
   */
  readonly #unreachable = new Set<ReplicaId>();
  /** Every link that is not closed, greeting or live. */
  readonly #links = new Set<Link>();
  readonly #owner: LinkOwner;
  /** What gives a pending connection's place back once its hello was good. */
  readonly #admissions = new WeakMap<Link, () => void>();
  #door: Door | undefined;
  #watch: NodeJS.Timeout | undefined;
  #closed = false;

  private constructor(options: MeshOptions, limits: MeshLimits) {
    this.#options = options;
    this.#limits = limits;
    this.#hello = { version: MESH_VERSION, cluster: options.cluster, replica: options.self };
    for (const address of options.peers) {
      const peer = newPeer(address);
      this.#peers.set(peer.id, peer);
      this.#pins.set(address.fingerprint, peer);
    }
    this.#owner = {
      onHello: (link, frame) => this.#onHello(link, frame),
      onFrame: (link, frame) => options.onFrame(link.peer.id, frame),
      onClosed: (link, fault) => this.#onClosed(link, fault),
    };
  }

  /**
   * Listens and starts to dial. A ConfigurationError if the configuration, the key or the port is not right.
   */
  static async open(options: MeshOptions): Promise<Mesh> {
    checkOptions(options);
    const limits = limitsOf(options);
    const tls = clientOptions(options);
    const mesh = new Mesh(options, limits);
    await mesh.#start(tls);
    return mesh;
  }

  /** The port that we listen on. */
  get port(): number {
    return present(this.#door, "an open mesh listens").port;
  }

  /**
   * Queues a frame for a peer, or drops it. The frame is held until it is written, so its bytes must not
   * change any more. Never blocks, whatever the peer does.
   */
  send(to: ReplicaId, frame: Uint8Array): void {
    this.#checkFrame(frame);
    this.#sendTo(this.#peer(to), frame);
  }

  /** Queues the same bytes for all peers. */
  broadcast(frame: Uint8Array): void {
    this.#checkFrame(frame);
    for (const peer of this.#peers.values()) this.#sendTo(peer, frame);
  }

  /** Bytes that wait for a peer. */
  backlogBytes(to: ReplicaId): number {
    return this.#peer(to).link?.backlogBytes ?? 0;
  }

  /** Whether there is a live link with the peer. */
  linked(to: ReplicaId): boolean {
    return this.#peer(to).link !== undefined;
  }

  /**
   * Leaves the peer's further bytes in the network, over reconnections too. What was read already still
   * arrives.
   */
  pause(peerId: ReplicaId): void {
    const peer = this.#peer(peerId);
    peer.paused = true;
    peer.link?.pause();
  }

  resume(peerId: ReplicaId): void {
    const peer = this.#peer(peerId);
    peer.paused = false;
    peer.link?.resume();
  }

  /** A copy of the totals, one entry per peer. */
  statistics(): readonly PeerStatistics[] {
    return [...this.#peers.values()].map((peer) => ({ ...peer.statistics, linked: peer.link !== undefined }));
  }

  /** Closes all links and the port; frames that wait are dropped. No callback comes after it has returned. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#watch);
    for (const dialer of this.#dialers.values()) dialer.stop();
    for (const link of [...this.#links]) link.close();
    await this.#door?.close();
  }

  async #start(tls: ConnectionOptions): Promise<void> {
    const { listen, self } = this.#options;
    const limits = this.#limits;
    this.#door = await Door.open({
      listen,
      tls: serverOptions(this.#options, limits.handshakeTimeoutMillis),
      limits,
      onSecure: (socket, admitted) => this.#onSecure(socket, undefined, admitted),
      onFault: (fault) => this.#report(undefined, fault),
    });
    this.#watch = setInterval(() => this.#closeStalled(), Math.ceil(limits.stallTimeoutMillis / 4));
    for (const peer of this.#peers.values()) if (peer.id < self) this.#startDialer(peer, tls);
  }

  #peer(id: ReplicaId): Peer {
    return present(this.#peers.get(id), "frames go to other replicas of the cluster");
  }

  #checkFrame(frame: Uint8Array): void {
    invariant(
      frame.length >= 1 && frame.length <= this.#limits.frameBytesMax,
      "a frame is within the mesh's limit",
    );
  }

  #sendTo(peer: Peer, frame: Uint8Array): void {
    if (peer.link === undefined) peer.statistics.framesDropped += 1;
    else peer.link.send(frame);
  }

  #startDialer(peer: Peer, tls: ConnectionOptions): void {
    const dialer = new Dialer({
      peer: peer.address,
      tls,
      limits: this.#limits,
      onSecure: (socket) => this.#onSecure(socket, peer, () => undefined),
      onFailure: (error, fault) => this.#onDialFailure(peer, error, fault),
    });
    this.#dialers.set(peer.id, dialer);
    dialer.start();
  }

  /** TLS is done; now the pin decides. `dialled` is whom we meant to reach, if it was us who dialled. */
  #onSecure(socket: TLSSocket, dialled: Peer | undefined, admitted: () => void): void {
    const peer = identify(socket, this.#pins);
    const fault = this.#faultOfIdentity(peer, dialled);
    if (typeof peer === "string" || fault !== undefined || this.#closed) {
      socket.on("error", () => undefined); // Nobody else listens any more.
      socket.destroy();
      if (fault !== undefined) this.#report(typeof peer === "string" ? dialled?.id : peer.id, fault);
      if (dialled !== undefined) this.#dialers.get(dialled.id)?.retry();
      return;
    }
    const [owner, limits] = [this.#owner, this.#limits];
    const link = new Link(socket, { peer, dialled: dialled !== undefined, owner, limits });
    this.#links.add(link);
    this.#admissions.set(link, admitted);
    link.send(encodeHello(this.#hello));
  }

  #faultOfIdentity(peer: Peer | MeshFault, dialled: Peer | undefined): MeshFault | undefined {
    if (typeof peer === "string") return peer;
    if (dialled !== undefined) return peer === dialled ? undefined : "certificate";
    return peer.id > this.#options.self ? undefined : "direction";
  }

  #onHello(link: Link, frame: Uint8Array): void {
    const { peer } = link;
    const fault = faultOfHello(frame, this.#hello, peer.id);
    if (fault !== undefined) return link.close(fault);
    // The newest wins: a peer that has restarted comes back before its old connection is known to be dead.
    peer.link?.close();
    link.open();
    peer.link = link;
    peer.statistics.links += 1;
    this.#admissions.get(link)?.();
    this.#unreachable.delete(peer.id);
    if (peer.paused) link.pause();
    this.#options.log("link up", { peer: peer.id });
    this.#options.onLink(peer.id, true);
  }

  #onClosed(link: Link, fault: MeshFault | undefined): void {
    const { peer } = link;
    this.#links.delete(link);
    const wasLive = peer.link === link;
    if (wasLive) peer.link = undefined;
    if (this.#closed) return;
    if (link.dialled) this.#dialers.get(peer.id)?.retry();
    if (fault !== undefined) this.#report(peer.id, fault);
    if (!wasLive) return;
    this.#options.log("link down", { peer: peer.id, reason: fault ?? "closed" });
    this.#options.onLink(peer.id, false);
  }

  #onDialFailure(peer: Peer, error: Error | undefined, fault: MeshFault | undefined): void {
    if (fault !== undefined) this.#report(peer.id, fault);
    if (this.#unreachable.has(peer.id)) return;
    this.#unreachable.add(peer.id);
    const { host, port } = peer.address;
    const reason = error?.message ?? fault ?? "no answer";
    this.#options.log("peer unreachable, dialling on", { peer: peer.id, address: `${host}:${port}`, reason });
  }

  #closeStalled(): void {
    const now = performance.now();
    for (const link of [...this.#links]) if (link.isStalled(now)) link.close("stalled");
  }

  #report(peer: ReplicaId | undefined, fault: MeshFault): void {
    if (!this.#closed) this.#options.report(peer, fault);
  }
}
