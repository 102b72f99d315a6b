import { readPortTag, setPortTag } from "@switchyard/host";
import { deviceAbsent, ensure } from "../executor.ts";
import { awaitNetdev } from "../resolve.ts";

interface State {
  readonly port: string;
  readonly isThere: boolean;
  readonly vlan: number | undefined;
}

export const ensurePortVlan = ensure<"ensurePortVlan", State>({
  read: async (context, { link }) => {
    const port = await awaitNetdev(context, link);
    return { port, ...(await readPortTag(context.host, port)) };
  },
  isSatisfied: (state, { vlan }) => state.isThere && state.vlan === vlan,
  apply: async ({ host }, { vlan }, { port, isThere }) => {
    if (!isThere) throw deviceAbsent(`no bridge has port ${port}`, { needs: `port ${port}` });
    await setPortTag(host, port, vlan);
  },
  undo: async ({ host }, _args, before) => {
    const now = await readPortTag(host, before.port);
    // A port that is gone took its tag along.
    if (!now.isThere || now.vlan === before.vlan) return;
    await setPortTag(host, before.port, before.vlan);
  },
  failure: "OVS_CHANGE_FAILED",
});
