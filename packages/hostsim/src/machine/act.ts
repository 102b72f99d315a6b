import type { Machine } from "./machine.ts";

/** What an operation did to one object, in words a checker can compare. */
export interface Change {
  /** Kind and name: `vf-count 0000:82:00.0`, `vdpa vdpa0`. */
  readonly object: string;
  readonly before: string;
  readonly after: string;
}

/** One operation under way: the machine it acts on and what it has changed so far. */
export interface Act {
  readonly machine: Machine;
  readonly changes: Change[];
}

export const startAct = (machine: Machine): Act => ({ machine, changes: [] });

/** Writes down a change; one that changes nothing is left out. */
export function note(act: Act, object: string, change: { before: string; after: string }): void {
  if (change.before !== change.after) act.changes.push({ object, ...change });
}
