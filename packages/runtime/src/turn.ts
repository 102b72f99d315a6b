/**
 * Resolves once everything that is ready now has run, so that what comes in one turn of the event loop can
 * be done together. Takes no time of any clock: a simulation that holds its clock does not hold this.
 */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
