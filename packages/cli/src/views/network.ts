import { Network, type NetworkSpec, type RateLimit } from "@switchyard/client";
import { formatBits } from "../input/bit-rate.ts";
import type { View } from "../output/print.ts";
import type { Style } from "../output/style.ts";
import { type Column, formatFields } from "../output/table.ts";
import { shortName } from "../output/values.ts";

type Pool = { readonly first: string; readonly last: string } | undefined;

const poolText = (pool: Pool): string =>
  pool === undefined ? "" : `${pool.first} to ${pool.last}`;

const limitText = (limit: RateLimit | undefined): string | undefined =>
  limit && `${formatBits(limit.bitsPerSecond)}/s, bursts of ${formatBits(limit.burstBits)}`;

const vlanText = ({ vlan }: NetworkSpec): string => (vlan === 0 ? "untagged" : String(vlan));

const reservationTexts = ({ reservations }: NetworkSpec): readonly string[] =>
  reservations.map(({ address, vm }) => `${address} for ${vm === "" ? "no VM" : shortName(vm)}`);

const columns: readonly Column<Network>[] = [
  { header: "NETWORK", cell: ({ name }) => shortName(name) },
  { header: "BRIDGE", cell: ({ spec }) => spec?.bridge ?? "" },
  { header: "SUBNET", cell: ({ spec }) => spec?.subnet ?? "" },
  { header: "VLAN", cell: ({ spec }) => (spec === undefined ? "" : vlanText(spec)) },
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
    ["VLAN", network.spec && vlanText(network.spec)],
    ["MTU", network.spec && String(network.spec.mtuBytes)],
    ["anti-spoof", network.spec?.antiSpoof ? "on" : "off"],
    ["VMs may send", limitText(network.spec?.sendLimit)],
    ["VMs may receive", limitText(network.spec?.receiveLimit)],
    ["reserved", network.spec && reservationTexts(network.spec).join(", ")],
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
