import { listLinks, setVfMac } from "@switchyard/host";
import type { VfRef } from "@switchyard/model";
import { ensure, type StepContext } from "../executor.ts";
import { awaitVf, findNetdev, resolvePf } from "../resolve.ts";

/** What the kernel shows for a VF whose MAC nobody set, and what clears one. */
const NO_MAC = "00:00:00:00:00:00";

interface State {
  /** Undefined while nobody set it, and where the VF is gone. */
  readonly mac: string | undefined;
}

async function readState(context: StepContext, netdev: string, index: number): Promise<State> {
  const link = (await listLinks(context.host)).find((each) => each.netdev === netdev);
  return { mac: link?.vfAdminMacs.get(index) };
}

const pfNetdev = async (context: StepContext, { pf }: VfRef): Promise<string> =>
  (await resolvePf(context, pf)).pf.link.netdev;

export const ensureVfAdminMac = ensure<"ensureVfAdminMac", State>({
  read: async (context, { vf }) => {
    await awaitVf(context, vf);
    return readState(context, await pfNetdev(context, vf), vf.index);
  },
  isSatisfied: (state, { mac }) => state.mac === mac,
  apply: async (context, { vf, mac }) =>
    setVfMac(context.host, { netdev: await pfNetdev(context, vf), index: vf.index, mac }),
  undo: async (context, { vf }, before) => {
    const netdev = await findNetdev(context, { kind: "pf", pf: vf.pf });
    if (netdev === undefined) return;
    const now = await readState(context, netdev, vf.index);
    // A VF that is gone took its MAC along, and looks like one whose MAC nobody set.
    if (now.mac === before.mac) return;
    await setVfMac(context.host, { netdev, index: vf.index, mac: before.mac ?? NO_MAC });
  },
  failure: "LINK_CHANGE_FAILED",
  movesDevices: true,
});
