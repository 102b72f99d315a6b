/** One field in which a host left what a plan had made of it, by no job of Switchyard. */
export interface Drift {
  /** Such as `pf[0000:82:00.0].eswitch_mode`. */
  readonly field: string;
  readonly observed: string;
  readonly desired: string;
  /** When an inventory first showed it, by the agent's clock. */
  readonly sinceMs: number;
}
