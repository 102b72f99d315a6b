import { HostKind } from "@switchyard/client";
import type { View } from "../output/print.ts";
import { type Column, formatFields } from "../output/table.ts";
import { enumWord } from "../output/values.ts";
import { formatQuantity } from "./quantity.ts";

/** What a row of `swy metrics top` is of. */
export type Subject = "host" | "vf" | "vm";

type Unit = Parameters<typeof formatQuantity>[1];

/** Columns by figure, in their order. Values are CPUs in use, bytes, bytes or packets a second, watts, shares. */
const COLUMNS = {
  cpu: { header: "CPU", unit: "seconds", isRate: true },
  memory: { header: "MEMORY", unit: "bytes", isRate: false },
  rx: { header: "RX", unit: "bytes", isRate: true },
  tx: { header: "TX", unit: "bytes", isRate: true },
  "rx-packets": { header: "RX PACKETS", unit: "packets", isRate: true },
  "tx-packets": { header: "TX PACKETS", unit: "packets", isRate: true },
  power: { header: "POWER", unit: "watts", isRate: false },
  hardware: { header: "HARDWARE", unit: "ratio", isRate: false },
  "slow-path": { header: "SLOW PATH", unit: "ratio", isRate: false },
  vms: { header: "VMS", unit: "count", isRate: false },
} as const satisfies Record<string, { header: string; unit: Unit; isRate: boolean }>;

export type Figure = keyof typeof COLUMNS;
export const FIGURE_NAMES = Object.keys(COLUMNS) as readonly Figure[];

/** How busy one host, VF or VM is; what is not known is left out. */
export interface LoadRow {
  readonly host: string;
  /** A VF or VM; empty for a host. */
  readonly object: string;
  readonly kind: HostKind | undefined;
  readonly figures: Readonly<Partial<Record<Figure, number>>>;
}

const FIGURES_OF: Readonly<Record<Subject, readonly Figure[]>> = {
  host: FIGURE_NAMES,
  vf: ["rx", "tx", "rx-packets", "tx-packets", "slow-path"],
  vm: ["cpu", "memory", "rx", "tx", "rx-packets", "tx-packets", "slow-path"],
};

const kindOf = ({ kind }: LoadRow): string => (kind === undefined ? "" : enumWord(HostKind, kind));

function columnOf(figure: Figure): Column<LoadRow> {
  const { header, unit, isRate } = COLUMNS[figure];
  return {
    header,
    isNumber: true,
    cell: ({ figures }) => {
      const value = figures[figure];
      return value === undefined ? "" : formatQuantity(value, unit, isRate);
    },
  };
}

const PLURALS = { host: "hosts", vf: "vfs", vm: "vms" } as const;

export const loadView = (subject: Subject): View<LoadRow> => ({
  plural: PLURALS[subject],
  toJson: ({ host, object, figures, ...row }) => ({
    ...{ host, object, ...figures },
    kind: kindOf({ host, object, figures, ...row }),
  }),
  nameOf: ({ host, object }) => (object === "" ? host : `${host} ${object}`),
  columns: [
    { header: "HOST", cell: ({ host }) => host },
    ...(subject === "host"
      ? []
      : [{ header: subject.toUpperCase(), cell: ({ object }: LoadRow) => object }]),
    { header: "KIND", cell: kindOf },
    ...FIGURES_OF[subject].map(columnOf),
  ],
  describe: ({ host, object }) => formatFields([[host, object]]),
});
