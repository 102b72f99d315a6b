/** Something that runs until it is stopped. `stop` may be called twice and waits for the end. */
export interface Service {
  stop(): Promise<void>;
}

/** Runs `body` in the background until stopped; an error that escapes it goes to `onError`. */
export function startLoop(
  body: (signal: AbortSignal) => Promise<void>,
  onError: (error: unknown) => void,
): Service {
  const controller = new AbortController();
  const done = body(controller.signal).catch((error: unknown) => {
    if (!controller.signal.aborted) onError(error);
  });
  return {
    stop: async () => {
      controller.abort();
      await done;
    },
  };
}

/** Stops services in reverse order of starting; one that fails to stop does not keep the others up. */
export async function stopAll(services: readonly Service[]): Promise<void> {
  for (const service of [...services].reverse()) {
    await service.stop().catch(() => undefined);
  }
}
