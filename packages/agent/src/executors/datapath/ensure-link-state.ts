import { readLinkState, setLinkState } from "@switchyard/host";
import { ensure, type StepContext } from "../executor.ts";
import { awaitNetdev, findNetdev } from "../resolve.ts";

interface State {
  /** Undefined while there is no such netdev. */
  readonly isUp: boolean | undefined;
}

async function readState(context: StepContext, netdev: string): Promise<State> {
  return { isUp: await readLinkState(context.host, netdev) };
}

export const ensureLinkState = ensure<"ensureLinkState", State>({
  read: async (context, { link }) => readState(context, await awaitNetdev(context, link)),
  isSatisfied: (state, { isUp }) => state.isUp === isUp,
  apply: async (context, { link, isUp }) =>
    setLinkState(context.host, await awaitNetdev(context, link), isUp),
  undo: async (context, { link }, before) => {
    const netdev = await findNetdev(context, link);
    if (netdev === undefined || before.isUp === undefined) return;
    const now = await readState(context, netdev);
    if (now.isUp === undefined || now.isUp === before.isUp) return;
    await setLinkState(context.host, netdev, before.isUp);
  },
  failure: "LINK_CHANGE_FAILED",
});
