import type { RebootEffectKind, RebootEffectOf } from "@switchyard/model";
import type { StepContext } from "../../executor.ts";

/** What is not as the boot should have made it. */
export interface MissingEffect {
  readonly found: string;
  readonly needs: string;
}

/** Looks whether an effect is in force; undefined when it is. Changes nothing. */
export type EffectReader<Kind extends RebootEffectKind> = (
  context: StepContext,
  effect: RebootEffectOf<Kind>,
) => Promise<MissingEffect | undefined>;
