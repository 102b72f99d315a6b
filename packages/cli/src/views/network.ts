import { Network } from "@switchyard/client";
import type { View } from "../output/print.ts";
import type { Style } from "../output/style.ts";
import { type Column, formatFields } from "../output/table.ts";
import { shortName } from "../output/values.ts";

type Pool = { readonly first: string; readonly last: string } | undefined;

const poolText = (pool: Pool): string =>
  pool === undefined ? "" : `${pool.first} to ${pool.last}`;

const columns: readonly Column<Network>[] = [
  { header: "NETWORK", cell: ({ name }) => shortName(name) },
  { header: "BRIDGE", cell: ({ spec }) => spec?.bridge ?? "" },
  { header: "SUBNET", cell: ({ spec }) => spec?.subnet ?? "" },
  { header: "IP POOL", cell: ({ spec }) => poolText(spec?.ipPool) },
  { header: "MAC POOL", cell: ({ spec }) => poolText(spec?.macPool) },
  {
    header: "IN USE",
    isNumber: true,
    cell: ({ allocatedAddressCount }) => String(allocatedAddressCount),
  },
];

const describe = (network: Network, style: Style): string =>
  `${style.bold(network.name)}\n${formatFields([
    ["bridge", network.spec?.bridge],
    ["subnet", network.spec?.subnet],
    ["IP pool", poolText(network.spec?.ipPool)],
    ["MAC pool", poolText(network.spec?.macPool)],
    ["in use", String(network.allocatedAddressCount)],
    ["etag", network.etag],
  ])}`;

export const networkView: View<Network> = {
  plural: "networks",
  toJson: Network.toJSON,
  nameOf: ({ name }) => name,
  columns,
  describe,
};
