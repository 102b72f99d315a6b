import type { RebootEffect, RebootEffectKind } from "@switchyard/model";
import type { StepContext } from "../../executor.ts";
import type { EffectReader, MissingEffect } from "./effect-reader.ts";
import { kernelArguments } from "./kernel-arguments.ts";

/** One reader per kind of effect: an effect without one does not compile. */
const READERS: { readonly [Kind in RebootEffectKind]: EffectReader<Kind> } = {
  "kernel-arguments": kernelArguments,
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
