import { listLinks, setLinkState } from "@switchyard/host";
import type { PciAddress } from "@switchyard/model";
import { ensure, type StepContext } from "../executor.ts";
import { resolvePf } from "../resolve.ts";
import { type BondState, makeBond, readBond, refuseForeign, restoreBond } from "./bond-state.ts";

interface State extends BondState {
  /** Netdevs of the ports, as they are named now. */
  readonly netdevs: readonly string[];
  /** Those that were up: a port comes out of a bond down. Absent in journals of older agents. */
  readonly up?: readonly string[];
}

async function netdevsOf(
  context: StepContext,
  ports: readonly PciAddress[],
): Promise<readonly string[]> {
  const pfs = await Promise.all(ports.map((port) => resolvePf(context, port)));
  return pfs.map(({ pf }) => pf.link.netdev).sort();
}

async function linksUp(
  { host }: StepContext,
  netdevs: readonly string[],
): Promise<readonly string[]> {
  const links = await listLinks(host);
  return links.flatMap(({ netdev, isUp }) => (isUp && netdevs.includes(netdev) ? [netdev] : []));
}

async function read(
  context: StepContext,
  bond: string,
  ports: readonly PciAddress[],
): Promise<State> {
  const netdevs = await netdevsOf(context, ports);
  const up = await linksUp(context, netdevs);
  return { ...(await readBond(context, bond)), netdevs, up };
}

const isSame = (left: readonly string[], right: readonly string[]): boolean =>
  left.length === right.length && left.every((each) => right.includes(each));

/** A bond that was interrupted half made is finished; one of others is refused. */
export const ensureBond = ensure<"ensureBond", State>({
  read: (context, { bond, ports }) => read(context, bond, ports),
  isSatisfied: ({ bond, netdevs }, { mode }) =>
    bond?.isOurs === true && bond.mode === mode && isSame(bond.ports, netdevs),
  apply: async (context, { bond, mode }, state) => {
    refuseForeign(bond, state);
    await makeBond(context, { name: bond, mode, ports: state.netdevs }, state);
  },
  undo: async (context, { bond }, before) => {
    await restoreBond(context, bond, before);
    const { up = [] } = before;
    const now = await linksUp(context, up);
    for (const netdev of up) {
      if (!now.includes(netdev)) await setLinkState(context.host, netdev, true);
    }
  },
  failure: "BOND_CHANGE_FAILED",
  movesDevices: true,
});
