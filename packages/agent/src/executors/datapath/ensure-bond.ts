import type { PciAddress } from "@switchyard/model";
import { ensure, type StepContext } from "../executor.ts";
import { resolvePf } from "../resolve.ts";
import { type BondState, makeBond, readBond, refuseForeign, restoreBond } from "./bond-state.ts";

interface State extends BondState {
  /** Netdevs of the ports, as they are named now. */
  readonly netdevs: readonly string[];
}

async function netdevsOf(
  context: StepContext,
  ports: readonly PciAddress[],
): Promise<readonly string[]> {
  const pfs = await Promise.all(ports.map((port) => resolvePf(context, port)));
  return pfs.map(({ pf }) => pf.link.netdev).sort();
}

const isSame = (left: readonly string[], right: readonly string[]): boolean =>
  left.length === right.length && left.every((each) => right.includes(each));

/** A bond that was interrupted half made is finished; one of others is refused. */
export const ensureBond = ensure<"ensureBond", State>({
  read: async (context, { bond, ports }) => ({
    ...(await readBond(context, bond)),
    netdevs: await netdevsOf(context, ports),
  }),
  isSatisfied: ({ bond, netdevs }, { mode }) =>
    bond?.isOurs === true && bond.mode === mode && isSame(bond.ports, netdevs),
  apply: async (context, { bond, mode }, state) => {
    refuseForeign(bond, state);
    await makeBond(context, { name: bond, mode, ports: state.netdevs }, state);
  },
  undo: (context, { bond }, before) => restoreBond(context, bond, before),
  failure: "BOND_CHANGE_FAILED",
  movesDevices: true,
});
