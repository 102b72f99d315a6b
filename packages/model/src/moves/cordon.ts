/** Why a host takes no new VMs. */
export interface Cordon {
  /** For people. */
  readonly reason: string;
  readonly actor: string;
  readonly atMs: number;
}

/** How it is known that a lost host runs nothing any more. */
export interface Fence {
  readonly actor: string;
  readonly atMs: number;
  /** What was seen: by the BMC, or by an operator. */
  readonly evidence: string;
  /** The boot in which the host was last heard of: heard of in it again, the fence was none. */
  readonly bootId: string | undefined;
}
