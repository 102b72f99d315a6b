import { findLoadedModule } from "@switchyard/host";
import type { EffectReader } from "./effect-reader.ts";

const words = (version: string | undefined): string => version ?? "the kernel's own";

/** Loaded at boot from the initramfs, which may hold another one than the disk. */
export const driver: EffectReader<"driver"> = async ({ observer }, { module, version }) => {
  const loaded = await findLoadedModule(observer, module);
  if (loaded !== undefined && loaded.version === version) return undefined;
  return {
    found: loaded === undefined ? `${module} is not loaded` : `${module} ${words(loaded.version)}`,
    needs: `${module} ${words(version)}`,
  };
};
