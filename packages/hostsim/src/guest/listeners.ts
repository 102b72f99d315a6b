import type { IpStack } from "../l2/ip-stack.ts";
import type { Guest } from "../machine/guest.ts";
import type { Machine } from "../machine/machine.ts";

/** What came over a connection. */
export interface Received {
  /** Of each second. */
  readonly bytes: readonly number[];
  readonly client: string;
  readonly streamCount: number;
}

/** A program in a guest that waits for a connection. */
export interface Listener {
  /** Called once the one that connected has sent everything. */
  readonly onDone: (received: Received) => void;
}

interface Owner {
  readonly machine: Machine;
  readonly guest: Guest;
  readonly listeners: Map<number, Listener>;
}

const owners = new WeakMap<IpStack, Owner>();

/** The guest that an interface is in. */
export const ownerOf = (stack: IpStack): Owner | undefined => owners.get(stack);

/** Notes whose the guest's interfaces are. */
export function ownStacks(machine: Machine, guest: Guest): void {
  const owner: Owner = { machine, guest, listeners: new Map() };
  for (const { stack } of guest.nics) owners.set(stack, owner);
}

/** What waits for connections goes with the guest. */
export function transferListeners(from: IpStack, to: IpStack): void {
  for (const [port, listener] of owners.get(from)?.listeners ?? []) {
    owners.get(to)?.listeners.set(port, listener);
  }
}
