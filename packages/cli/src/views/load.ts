import { HostKind } from "@switchyard/client";
import type { View } from "../output/print.ts";
import { type Column, formatFields } from "../output/table.ts";
import { enumWord } from "../output/values.ts";
import { formatQuantity } from "./quantity.ts";

/** What a row of `swy metrics top` is of. */
export type Subject = "host" | "vf" | "vm";

/** How busy one host, VF or VM is; what is not known is left out. */
export interface LoadRow {
  readonly host: string;
  /** A VF or VM; empty for a host. */
  readonly object: string;
  readonly kind: HostKind | undefined;
  /** CPUs in use. */
  readonly cpu?: number;
  /** Bytes a second. */
  readonly rx?: number;
  readonly tx?: number;
  /** Watts. */
  readonly power?: number;
  /** Share of traffic that the host CPU handled, 0 to 1. */
  readonly "slow-path"?: number;
  /** Bytes. */
  readonly memory?: number;
}

const kindOf = ({ kind }: LoadRow): string => (kind === undefined ? "" : enumWord(HostKind, kind));

type Unit = Parameters<typeof formatQuantity>[1];

function figure(
  header: string,
  key: Exclude<keyof LoadRow, "host" | "object" | "kind">,
  shown: { readonly unit: Unit; readonly isRate?: boolean },
): Column<LoadRow> {
  return {
    header,
    isNumber: true,
    cell: (row) => {
      const value = row[key];
      return value === undefined ? "" : formatQuantity(value, shown.unit, shown.isRate === true);
    },
  };
}

const CPU = figure("CPU", "cpu", { unit: "seconds", isRate: true });
const RX = figure("RX", "rx", { unit: "bytes", isRate: true });
const TX = figure("TX", "tx", { unit: "bytes", isRate: true });
const SLOW_PATH = figure("SLOW PATH", "slow-path", { unit: "ratio" });

const FIGURES: Readonly<Record<Subject, readonly Column<LoadRow>[]>> = {
  host: [CPU, RX, TX, figure("POWER", "power", { unit: "watts" }), SLOW_PATH],
  vf: [RX, TX, SLOW_PATH],
  vm: [CPU, figure("MEMORY", "memory", { unit: "bytes" })],
};

const PLURALS = { host: "hosts", vf: "vfs", vm: "vms" } as const;

export const loadView = (subject: Subject): View<LoadRow> => ({
  plural: PLURALS[subject],
  toJson: ({ kind: _kind, ...row }) => ({ ...row, kind: kindOf({ ...row, kind: _kind }) }),
  nameOf: ({ host, object }) => (object === "" ? host : `${host} ${object}`),
  columns: [
    { header: "HOST", cell: ({ host }) => host },
    ...(subject === "host"
      ? []
      : [{ header: subject.toUpperCase(), cell: ({ object }: LoadRow) => object }]),
    { header: "KIND", cell: kindOf },
    ...FIGURES[subject],
  ],
  describe: ({ host, object }) => formatFields([[host, object]]),
});
