/**
 * How long to leave the host alone after a look at it, so that looks of one kind take no more than a share of the
 * time: a host's CPUs belong to its VMs, and one that is slow or overloaded must not be loaded further.
 *
 * @param tookMs of the look, milliseconds
 * @param share of the time that looks may take, 0 < share ≤ 1
 * @returns milliseconds
 */
export const restMs = (tookMs: number, share: number): number => tookMs * (1 / share - 1);
