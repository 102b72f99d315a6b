import { listBootEntries, setDefaultKernel } from "@switchyard/host";
import { ensure } from "../executor.ts";

interface State {
  /** Undefined where no entry is the default. */
  readonly kernelRelease: string | undefined;
}

export const ensureDefaultKernel = ensure<"ensureDefaultKernel", State>({
  read: async ({ host }, { family }) => {
    const entries = await listBootEntries(host, family);
    return { kernelRelease: entries.find(({ isDefault }) => isDefault)?.kernelRelease };
  },
  isSatisfied: (state, { kernelRelease }) => state.kernelRelease === kernelRelease,
  apply: ({ host }, { family, kernelRelease }) => setDefaultKernel(host, family, kernelRelease),
  undo: async ({ host }, { family }, before) => {
    if (before.kernelRelease === undefined) return;
    await setDefaultKernel(host, family, before.kernelRelease);
  },
  failure: "BOOTLOADER_CHANGE_FAILED",
});
