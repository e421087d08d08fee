import { MessageKind } from "@destiny/core/wire/messages";
import type { Behaviour, Powers } from "./behaviour.ts";

const CHANGING: readonly MessageKind[] = [
  MessageKind.ViewChange,
  MessageKind.NewView,
  MessageKind.NewViewAck,
  MessageKind.PbftViewChange,
  MessageKind.PbftViewChangeAck,
  MessageKind.PbftNewView,
  MessageKind.SbftViewChange,
  MessageKind.Complaint,
];

/** Takes no part in changing views: tells nobody that it has left one, or opens none as the next primary. */
export function staleView({ random }: Powers): Behaviour {
  const hidden = CHANGING.filter(() => random.chance(0.7));
  return { sends: ({ message }) => (hidden.includes(message.kind) ? [] : null) };
}
