import type { RebootEffect } from "@switchyard/model";

/** The effect in a few words, for titles and for the reason of a boot. */
export function describeEffect(effect: RebootEffect): string {
  switch (effect.kind) {
    case "kernel-arguments":
      return `kernel arguments ${[
        ...effect.present,
        ...effect.absent.map((token) => `without ${token}`),
      ].join(" ")}`;
  }
}
