import type { Outbox } from "@destiny/core/effects/port";
import type { ReplicaId, SequenceNumber } from "@destiny/core/kernel/ids";
import type { Delivery, Orderer, OrdererContext, OrderingProtocol } from "@destiny/core/ordering/orderer";
import type { AssignRequest } from "@destiny/core/wire/messages";
import type { Markers } from "./markers.ts";
import type { Observer } from "./observer.ts";

/** The same ordering, with everything told that it makes the replica around it do. */
export function watchedOrdering(
  ordering: OrderingProtocol,
  markers: Markers,
  observer: Required<Observer>,
  created: (orderer: Orderer) => void,
): OrderingProtocol {
  return {
    name: ordering.name,
    create: (context) => {
      const orderer = ordering.create({ ...context, sequel: watchedSequel(context, markers, observer) });
      created(orderer);
      return watchedJump(orderer, context, markers, observer);
    },
  };
}

function watchedSequel(
  context: OrdererContext,
  markers: Markers,
  observer: Required<Observer>,
): OrdererContext["sequel"] {
  const { self, outbox, sequel } = context;
  // Everything else, getters too, is the sequel's own.
  const watched: OrdererContext["sequel"] = Object.create(sequel);
  return Object.assign(watched, {
    execute(delivery: Delivery) {
      markers.push(outbox, () => observer.delivered(self, delivery));
      sequel.execute(delivery);
    },
    assign(request: AssignRequest) {
      markers.push(outbox, () => observer.assigned(self, request));
      sequel.assign(request);
    },
    checkpoint(seq: SequenceNumber) {
      markers.push(outbox, () => observer.checkpointed(self, seq));
      sequel.checkpoint(seq);
    },
  });
}

function watchedJump(
  orderer: Orderer,
  { self, outbox }: { readonly self: ReplicaId; readonly outbox: Outbox },
  markers: Markers,
  observer: Required<Observer>,
): Orderer {
  const jump = orderer.jump.bind(orderer);
  orderer.jump = (anchor) => {
    markers.push(outbox, () => {
      observer.transferred(self);
      observer.resumedFrom(self, anchor.seq);
    });
    return jump(anchor);
  };
  return orderer;
}
