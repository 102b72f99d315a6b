import { readVfPortSettings, setVfPortSettings } from "@switchyard/host";
import { digestOf, type VfPortSettings } from "@switchyard/model";
import { ensure } from "../executor.ts";
import { awaitVf, resolvePf } from "../resolve.ts";

interface State {
  readonly netdev: string;
  /** Undefined while there is no such VF. */
  readonly settings: VfPortSettings | undefined;
}

export const ensureVfPortSettings = ensure<"ensureVfPortSettings", State>({
  read: async (context, { vf }) => {
    await awaitVf(context, vf);
    const { netdev } = (await resolvePf(context, vf.pf)).pf.link;
    const settings = await readVfPortSettings(context.host, { netdev, index: vf.index });
    return { netdev, settings };
  },
  isSatisfied: (state, { settings }) =>
    digestOf({ of: state.settings }) === digestOf({ of: settings }),
  apply: ({ host }, { vf, settings }, { netdev }) =>
    setVfPortSettings(host, { netdev, index: vf.index }, settings),
  undo: async ({ host }, { vf }, { netdev, settings: before }) => {
    const place = { netdev, index: vf.index };
    const now = await readVfPortSettings(host, place);
    // A VF that is gone took its settings along.
    if (before === undefined || now === undefined) return;
    if (digestOf(now) === digestOf(before)) return;
    await setVfPortSettings(host, place, before);
  },
  failure: "LINK_CHANGE_FAILED",
});
