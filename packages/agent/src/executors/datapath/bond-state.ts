import {
  addBond,
  deleteBond,
  joinBond,
  leaveBond,
  listLinks,
  setLinkState,
} from "@switchyard/host";
import { type Bond, type BondMode, HostError, OWN_BOND_ALIAS } from "@switchyard/model";
import { bondsOf } from "../../inventory/bonds.ts";
import type { StepContext } from "../executor.ts";

/** A bond as it was found; undefined when there was none. */
export interface BondState {
  readonly bond:
    | (Pick<Bond, "mode" | "isOurs" | "ports"> &
        /** Absent in journals of older agents. */
        Partial<Pick<Bond, "isUp">>)
    | undefined;
}

export async function readBond({ host }: StepContext, name: string): Promise<BondState> {
  const found = bondsOf(await listLinks(host)).find((bond) => bond.name === name);
  if (found === undefined) return { bond: undefined };
  const { mode, isOurs, ports, isUp } = found;
  return { bond: { mode, isOurs, ports, isUp } };
}

/** @throws HostError BOND_UNFIT for a bond that others made: it is neither changed nor deleted */
export function refuseForeign(name: string, { bond }: BondState): void {
  if (bond === undefined || bond.isOurs) return;
  throw new HostError("BOND_UNFIT", `bond ${name} was not made by Switchyard`, {
    found: `bond ${name} of ${bond.ports.join(", ") || "no ports"}, without our mark`,
    needs: "a bond made by Switchyard, or none of this name",
  });
}

/** Makes the bond what it shall be, by whatever is least. */
export async function makeBond(
  { host }: StepContext,
  wanted: { readonly name: string; readonly mode: BondMode; readonly ports: readonly string[] },
  now: BondState,
): Promise<void> {
  const { name, mode, ports } = wanted;
  const isOtherMode = now.bond !== undefined && now.bond.mode !== mode;
  if (isOtherMode) await deleteBond(host, name);
  if (now.bond === undefined || isOtherMode) {
    await addBond(host, { name, mode, alias: OWN_BOND_ALIAS });
  }
  const joined = isOtherMode ? [] : (now.bond?.ports ?? []);
  for (const port of joined) if (!ports.includes(port)) await leaveBond(host, port);
  for (const port of ports) if (!joined.includes(port)) await joinBond(host, port, name);
}

/**
 * A bond that was not there before the step and carries nothing: the mark is set after the bond is made, and the
 * step was cut short between the two.
 */
const isHalfMade = (before: BondState, now: BondState): boolean =>
  before.bond === undefined && now.bond?.ports.length === 0;

/** Brings back what was found before. */
export async function restoreBond(
  context: StepContext,
  name: string,
  before: BondState,
): Promise<void> {
  const now = await readBond(context, name);
  if (!isHalfMade(before, now)) refuseForeign(name, now);
  const { bond } = before;
  if (bond === undefined) {
    if (now.bond !== undefined) await deleteBond(context.host, name);
    return;
  }
  // Only bonds of ours are ever changed, and those have one of our modes.
  const mode = bond.mode as BondMode;
  await makeBond(context, { name, mode, ports: bond.ports }, now);
  if (bond.isUp === true) await setLinkState(context.host, name, true);
}
