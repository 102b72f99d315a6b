import { isInitramfsCurrent, makeInitramfs } from "@switchyard/host";
import { ensure } from "../executor.ts";

interface State {
  /** Undefined where it can't be told; it is then made anew once. */
  readonly isCurrent: boolean | undefined;
}

/**
 * Has no undo: an initramfs is made of the modules on disk, and a step that takes modules away again makes it
 * anew itself. The one that is there always boots the kernel it belongs to.
 */
export const ensureInitramfs = ensure<"ensureInitramfs", State>({
  read: async ({ host }, { family, kernelRelease }) => ({
    isCurrent: await isInitramfsCurrent(host, family, kernelRelease),
  }),
  isSatisfied: ({ isCurrent }) => isCurrent === true,
  apply: ({ host }, { family, kernelRelease }) => makeInitramfs(host, family, kernelRelease),
  undo: undefined,
  failure: "INITRAMFS_FAILED",
});
