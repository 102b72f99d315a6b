import { readKernelRelease } from "@switchyard/host";
import type { EffectReader } from "./effect-reader.ts";

/** A boot menu that starts another entry, or a kernel that did not come up, leaves the old one running. */
export const kernelRelease: EffectReader<"kernel-release"> = async ({ observer }, { release }) => {
  const running = await readKernelRelease(observer);
  return running === release
    ? undefined
    : { found: `kernel ${running}`, needs: `kernel ${release}` };
};
