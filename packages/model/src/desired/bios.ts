import type { BiosAttributes } from "../bmc/bios.ts";

/** BIOS settings a host shall have. Those not named stay as they are. */
export interface BiosSpec {
  readonly attributes: BiosAttributes;
}
