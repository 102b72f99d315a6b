/** What the NICs' own setup shall allow. */
export type NicVirtualization = "sriov";

/** BIOS settings a host shall have. Those not named stay as they are. */
export interface BiosSpec {
  /** In text, also integers: what type a setting has is the machine's to say. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Of every NIC that the agent drives; undefined: stays as it is. */
  readonly nicVirtualization?: NicVirtualization;
}
