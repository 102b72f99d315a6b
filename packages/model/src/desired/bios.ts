/** BIOS settings a host shall have. Those not named stay as they are. */
export interface BiosSpec {
  /** In text, also integers: what type a setting has is the machine's to say. */
  readonly attributes: Readonly<Record<string, string>>;
}
