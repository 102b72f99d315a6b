import { addAddress, listLinks, removeAddress } from "@switchyard/host";
import { cidrAddress, type Ipv4Cidr, subnetContains } from "@switchyard/model";
import { deviceAbsent, ensure, type StepContext } from "../executor.ts";

interface State {
  /** Undefined when the bridge has no netdev. */
  readonly addresses: readonly Ipv4Cidr[] | undefined;
}

async function readState(context: StepContext, bridge: string): Promise<State> {
  const links = await listLinks(context.host);
  return { addresses: links.find(({ netdev }) => netdev === bridge)?.addresses };
}

/** Addresses of the same subnet: two of them would make the host answer for either. */
const superseded = (addresses: readonly Ipv4Cidr[], address: Ipv4Cidr): readonly Ipv4Cidr[] =>
  addresses.filter((each) => each !== address && subnetContains(address, cidrAddress(each)));

async function setAddresses(
  context: StepContext,
  bridge: string,
  change: { readonly remove: readonly Ipv4Cidr[]; readonly add: readonly Ipv4Cidr[] },
): Promise<void> {
  for (const address of change.remove) await removeAddress(context.host, bridge, address);
  for (const address of change.add) await addAddress(context.host, bridge, address);
}

export const ensureBridgeAddress = ensure<"ensureBridgeAddress", State>({
  read: (context, { bridge }) => readState(context, bridge),
  isSatisfied: ({ addresses = [] }, { address }) =>
    addresses.includes(address) && superseded(addresses, address).length === 0,
  apply: async (context, { bridge, address }, { addresses }) => {
    if (addresses === undefined) throw deviceAbsent(`bridge ${bridge} has no netdev`);
    await setAddresses(context, bridge, {
      remove: superseded(addresses, address),
      add: addresses.includes(address) ? [] : [address],
    });
  },
  undo: async (context, { bridge, address }, before) => {
    const { addresses: now } = await readState(context, bridge);
    if (now === undefined) return;
    const former = before.addresses ?? [];
    await setAddresses(context, bridge, {
      remove: former.includes(address) ? [] : [address],
      add: superseded(former, address).filter((each) => !now.includes(each)),
    });
  },
  failure: "LINK_CHANGE_FAILED",
});
