import { readLinkMtu, setLinkMtu } from "@switchyard/host";
import { ensure, type StepContext } from "../executor.ts";
import { awaitNetdev } from "../resolve.ts";

interface State {
  readonly netdev: string;
  /** Undefined while there is no such netdev. */
  readonly mtu: number | undefined;
}

/** Whether a VM's port has been given more meanwhile than the uplink had: then the uplink keeps it. */
async function isRelied(context: StepContext, mtu: number): Promise<boolean> {
  const { nics } = await context.topology.renewed();
  const vfs = nics.flatMap(({ pfs }) => pfs).flatMap((pf) => pf.vfs);
  return vfs.some(({ representor }) => representor !== undefined && representor.mtu > mtu);
}

export const ensureLinkMtu = ensure<"ensureLinkMtu", State>({
  read: async (context, { link }) => {
    const netdev = await awaitNetdev(context, link);
    return { netdev, mtu: await readLinkMtu(context.host, netdev) };
  },
  isSatisfied: (state, { mtu, isLeast = false }) =>
    state.mtu !== undefined && (isLeast ? state.mtu >= mtu : state.mtu === mtu),
  apply: ({ host }, { mtu }, { netdev }) => setLinkMtu(host, netdev, mtu),
  undo: async (context, { isLeast = false }, before) => {
    if (before.mtu === undefined) return;
    if (isLeast && (await isRelied(context, before.mtu))) return;
    const { host } = context;
    const now = await readLinkMtu(host, before.netdev);
    if (now === undefined || now === before.mtu) return;
    await setLinkMtu(host, before.netdev, before.mtu);
  },
  failure: "LINK_CHANGE_FAILED",
});
