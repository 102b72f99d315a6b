import { isDeepStrictEqual } from "node:util";
import { HostFileError } from "@switchyard/host";
import { SwitchyardError } from "@switchyard/model";
import type { Ground, SriovParts } from "./ground.ts";

/** What a call came to: what it returned, or the stable part of what it threw. */
export type Outcome =
  | { readonly returns: unknown }
  | { readonly throws: string; readonly errno?: string };

/** One call, and what every ground must answer to it. */
export interface ContractCall {
  readonly name: string;
  readonly call: (ground: Ground) => Promise<unknown>;
  readonly expected: Outcome;
}

/** Calls that build on each other, in order; the last ones leave the machine as it was. */
export interface ContractGroup {
  readonly name: string;
  readonly calls: readonly ContractCall[];
  /** Why the group can't run on this ground; undefined where it can. */
  readonly skipReason?: (ground: Ground) => string | undefined;
}

/** A call with what it came to on one ground. */
export interface ContractResult {
  readonly group: string;
  readonly name: string;
  readonly expected: Outcome;
  readonly found: Outcome;
  readonly isMet: boolean;
}

export const returns = (value: unknown): Outcome => ({ returns: value });
export const isDone: Outcome = returns(undefined);
export const throws = (reason: string, errno?: string): Outcome =>
  errno === undefined ? { throws: reason } : { throws: reason, errno };

/** Makes the calls of a group one after the other, also past one that is not met. */
export async function runGroup(
  ground: Ground,
  { name: group, calls }: ContractGroup,
): Promise<readonly ContractResult[]> {
  const results: ContractResult[] = [];
  for (const { name, call, expected } of calls) {
    const found = await outcomeOf(() => call(ground));
    results.push({ group, name, expected, found, isMet: isDeepStrictEqual(found, expected) });
  }
  return results;
}

/** An errno is told only where the error carries one: the reason then hides which it was. */
async function outcomeOf(call: () => Promise<unknown>): Promise<Outcome> {
  try {
    return returns(await call());
  } catch (error) {
    if (error instanceof HostFileError) return throws(error.errno);
    if (error instanceof SwitchyardError) {
      const { errno } = error.metadata;
      return throws(error.reason, errno === "" ? undefined : errno);
    }
    return throws(`${error}`);
  }
}

/** For a report: the call, what it should come to, what it came to. */
export const describeResult = ({ group, name, expected, found }: ContractResult): string =>
  `${group}: ${name}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`;

/** @throws RangeError where the ground has no such card; a group asks `skipReason` first */
export function sriovOf({ parts, name }: Ground): SriovParts {
  if (parts.sriov === undefined) throw new RangeError(`${name} has no SR-IOV card`);
  return parts.sriov;
}
