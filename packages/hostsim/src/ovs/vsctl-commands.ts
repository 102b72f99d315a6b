import type { Transaction } from "./database.ts";
import type { Value } from "./schema.ts";

export type OutputFormat = "table" | "list" | "json";

/** One sub-command between two `--`, with its own options. */
export interface Invocation {
  readonly transaction: Transaction;
  readonly args: readonly string[];
  /** Long options without their dashes; a bare option has an empty value. */
  readonly options: ReadonlyMap<string, string>;
  readonly format: OutputFormat | undefined;
  /** Ports that this transaction put in; vswitchd is asked about these alone. */
  readonly inserted: string[];
  /** What vswitchd says about a row of Interface, beyond what is stored. */
  readonly liveColumns: (table: string, uuid: string) => Readonly<Record<string, Value>>;
}

export interface Subcommand {
  readonly least: number;
  readonly most: number;
  readonly changes: boolean;
  run(invocation: Invocation): string;
}

/** A map without one of its keys. */
export const noPair = <T>(
  map: Readonly<Record<string, T>>,
  key: string,
): Readonly<Record<string, T>> =>
  Object.fromEntries(Object.entries(map).filter(([k]) => k !== key));
