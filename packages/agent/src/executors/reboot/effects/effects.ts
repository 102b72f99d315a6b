import type { RebootEffect, RebootEffectKind } from "@switchyard/model";
import type { StepContext } from "../../executor.ts";
import { bios } from "./bios.ts";
import { driver } from "./driver.ts";
import type { EffectReader, MissingEffect } from "./effect-reader.ts";
import { firmware } from "./firmware.ts";
import { firmwareConfig } from "./firmware-config.ts";
import { kernelArguments } from "./kernel-arguments.ts";
import { kernelRelease } from "./kernel-release.ts";
import { nicVirtualization } from "./nic-virtualization.ts";

/** One reader per kind of effect: an effect without one does not compile. */
const READERS: { readonly [Kind in RebootEffectKind]: EffectReader<Kind> } = {
  firmware,
  "firmware-config": firmwareConfig,
  driver,
  bios,
  "nic-virtualization": nicVirtualization,
  "kernel-arguments": kernelArguments,
  "kernel-release": kernelRelease,
};

/** Effects that are not in force, all of them. */
export async function findMissingEffects(
  context: StepContext,
  effects: readonly RebootEffect[],
): Promise<readonly MissingEffect[]> {
  const missing: MissingEffect[] = [];
  for (const effect of effects) {
    const read = READERS[effect.kind] as EffectReader<RebootEffectKind>;
    const found = await read(context, effect);
    if (found !== undefined) missing.push(found);
  }
  return missing;
}
