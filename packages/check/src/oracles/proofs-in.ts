import type { InstanceId } from "@destiny/core/kernel/ids";
import type { HeaderRelay } from "@destiny/core/wire/composition";
import { Certificate, type Message, MessageKind, type Proposal } from "@destiny/core/wire/messages";
import type { PbftViewChange, PbftViewChangeForward } from "@destiny/core/wire/pbft";
import type { SbftViewChange, SbftViewChangeForward, SlotReport } from "@destiny/core/wire/sbft";
import type { NewView, ViewChange } from "@destiny/core/wire/view-change";

/** Something that says who vouches for it, and the instance that it is of. */
export interface Shown {
  readonly instance: InstanceId;
  readonly message: Message;
}

/** Everything that a message shows: itself, and what it carries as proof of what it says. */
export function shownBy(instance: InstanceId, message: Message): readonly Shown[] {
  const shown: Shown[] = [];
  collect({ instance, message }, shown);
  return shown;
}

function collect(top: Shown, into: Shown[]): void {
  into.push(top);
  for (const part of partsOf(top)) collect(part, into);
}

function partsOf({ instance, message }: Shown): readonly Shown[] {
  const of = (messages: readonly Message[]): Shown[] => messages.map((each) => ({ instance, message: each }));
  switch (message.kind) {
    case MessageKind.Prepare:
    case MessageKind.PrePrepare:
      return (message as Proposal).evidence;
    case MessageKind.HeaderRelay: {
      const { instance: about, header } = message as HeaderRelay;
      return [{ instance: about, message: header }];
    }
    case MessageKind.ViewChange: {
      const { prepares, anchor } = message as ViewChange;
      return of([...prepares, ...listed(anchor)]);
    }
    case MessageKind.NewView: {
      const { viewChanges, prepares, anchor } = message as NewView;
      return of([...viewChanges, ...prepares, ...listed(anchor)]);
    }
    case MessageKind.PbftViewChangeForward:
      return of([(message as PbftViewChangeForward).viewChange]);
    case MessageKind.PbftViewChange: {
      const { prepared, anchor } = message as PbftViewChange;
      return of([...prepared, ...listed(anchor)]);
    }
    case MessageKind.SbftViewChangeForward:
      return of([(message as SbftViewChangeForward).viewChange]);
    case MessageKind.SbftViewChange: {
      const { slots, anchor } = message as SbftViewChange;
      return of([...slots.flatMap(preparedIn), ...listed(anchor)]);
    }
    case MessageKind.PbftNewView:
      return of(listed((message as Message & { readonly anchor: Message | null }).anchor));
    default:
      return [];
  }
}

function preparedIn({ seq, slow }: SlotReport): Message[] {
  return slow === null
    ? []
    : [new Certificate({ kind: MessageKind.SbftPrepare, seq, extension: 0, ...slow })];
}

function listed(message: Message | null): readonly Message[] {
  return message === null ? [] : [message];
}
