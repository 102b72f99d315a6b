import type { Sample } from "@switchyard/model";

/** The newest sample of each series of this host. */
export interface NewestSamples {
  keep(samples: readonly Sample[]): void;
  all(): readonly Sample[];
}

/** Far above the 1,200 series that a host may have. */
const SERIES_MAX = 20_000;

export function createNewestSamples(): NewestSamples {
  const newest = new Map<string, Sample>();
  return {
    keep: (samples) => {
      for (const sample of samples) {
        const key = `${sample.metric} ${sample.object}`;
        // Taken out first, so that what is not renewed is at the front and goes first.
        newest.delete(key);
        newest.set(key, sample);
      }
      for (const key of newest.keys()) {
        if (newest.size <= SERIES_MAX) return;
        newest.delete(key);
      }
    },
    all: () => [...newest.values()],
  };
}
