import type { StoredSample } from "@switchyard/store";

/** New samples as they come in to this controller; with several controllers each has its share. */
export interface SampleFeed {
  /** Until the returned function is called. The listener must not block. */
  subscribe(listener: (samples: readonly StoredSample[]) => void): () => void;
}

export interface SampleFeedSource extends SampleFeed {
  publish(samples: readonly StoredSample[]): void;
  /** False while nobody listens, so that nothing need be gathered. */
  hasListeners(): boolean;
}

export function createSampleFeed(): SampleFeedSource {
  const listeners = new Set<(samples: readonly StoredSample[]) => void>();
  return {
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    publish: (samples) => {
      for (const listener of listeners) listener(samples);
    },
    hasListeners: () => listeners.size > 0,
  };
}
