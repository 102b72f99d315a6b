/** A fleet of equal hosts, and the VM that is placed on it over and over. */
export interface FleetShape {
  readonly hosts: number;
  readonly slots: number;
  readonly vcpus: number;
  readonly memoryMib: number;
  readonly vmVcpus: number;
  readonly vmMemoryMib: number;
}

/** Issue 4's figure: 1,000 simulated R740s with 64 slots each. */
export const FLEET: FleetShape = {
  hosts: 1000,
  slots: 64,
  vcpus: 80,
  // 192 GiB, less the 4 GiB that a host keeps.
  memoryMib: 188 * 1024,
  vmVcpus: 1,
  vmMemoryMib: 2048,
};

export interface PlacementFigures {
  readonly perSecond: number;
  /** Of each placement, from the first call to the answer that it is committed. */
  readonly latenciesMs: readonly number[];
}
