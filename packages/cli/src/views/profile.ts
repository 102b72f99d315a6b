import { BondMode, DatapathMode, Profile, VfDriver } from "@switchyard/client";
import type { View } from "../output/print.ts";
import type { Style } from "../output/style.ts";
import { type Column, formatFields } from "../output/table.ts";
import { count, enumWord, formatLabels, shortName } from "../output/values.ts";

type Datapath = NonNullable<NonNullable<Profile["spec"]>["datapath"]>;

const datapathOf = ({ spec }: Profile): Datapath | undefined => spec?.datapath;

const columns: readonly Column<Profile>[] = [
  { header: "PROFILE", cell: ({ name }) => shortName(name) },
  { header: "GENERATION", isNumber: true, cell: ({ generation }) => String(generation) },
  { header: "SELECTOR", cell: ({ spec }) => formatLabels(spec?.selector ?? {}) },
  { header: "HOSTS", isNumber: true, cell: ({ matchedHosts }) => String(matchedHosts.length) },
  { header: "MODE", cell: (profile) => enumWord(DatapathMode, datapathOf(profile)?.mode ?? 0) },
  { header: "UPLINK", cell: (profile) => uplinkText(datapathOf(profile)) },
  { header: "VFS", isNumber: true, cell: (profile) => String(datapathOf(profile)?.vfCount ?? "") },
  { header: "VQP", isNumber: true, cell: (profile) => String(datapathOf(profile)?.maxVqp || "") },
  { header: "BRIDGE", cell: (profile) => datapathOf(profile)?.bridge?.name ?? "" },
  { header: "OFFLOAD", cell: (profile) => offloadText(datapathOf(profile)) },
];

const isVdpa = (datapath: Datapath | undefined): boolean => datapath?.mode === DatapathMode.VDPA;

function offloadText(datapath: Datapath | undefined): string {
  if (!isVdpa(datapath)) return "";
  return datapath?.hwOffload ? "on" : "off";
}

function vfsText(datapath: Datapath): string {
  return isVdpa(datapath)
    ? `${datapath.vfCount}, ${count(datapath.maxVqp, "queue pair")} each`
    : `${datapath.vfCount}, driver ${enumWord(VfDriver, datapath.vfDriver)}`;
}

const BOND_MODES: Readonly<Record<number, string>> = {
  [BondMode.ACTIVE_BACKUP]: "active-backup",
  [BondMode.IEEE_802_3AD]: "802.3ad",
  [BondMode.BALANCE_XOR]: "balance-xor",
};

function bondText({ name, mode, ports }: NonNullable<Datapath["bond"]>): string {
  const others = ports.map(({ selector }) =>
    selector?.$case === "port" ? `port ${selector.value}` : (selector?.value ?? ""),
  );
  return `${name}, ${BOND_MODES[mode] ?? "unrecognized"}, with ${others.join(", ")}`;
}

function uplinkText(datapath: Datapath | undefined): string {
  const uplink = datapath?.uplink;
  if (uplink === undefined) return "";
  return uplink.$case === "uplinkPort" ? `port ${uplink.value}` : uplink.value;
}

function describe(profile: Profile, style: Style): string {
  const datapath = datapathOf(profile);
  const range = datapath?.bridge?.addressRange;
  const addresses = range && `, addresses ${range.first} to ${range.last}/${range.prefixLength}`;
  const hosts = profile.matchedHosts.map(shortName).join(", ");
  const fields = formatFields([
    ["selector", formatLabels(profile.spec?.selector ?? {})],
    ["hosts", hosts || "none match"],
    ["mode", enumWord(DatapathMode, datapath?.mode ?? 0)],
    ["uplink", uplinkText(datapath)],
    ["bond", datapath?.bond && bondText(datapath.bond)],
    ["VFs", datapath && vfsText(datapath)],
    ["bridge", datapath?.bridge && `${datapath.bridge.name}${addresses ?? ""}`],
    ["hw-offload", offloadText(datapath) || undefined],
    ["etag", profile.etag],
  ]);
  return `${style.bold(profile.name)}  generation ${profile.generation}\n${fields}`;
}

export const profileView: View<Profile> = {
  plural: "profiles",
  toJson: Profile.toJSON,
  nameOf: ({ name }) => name,
  columns,
  describe,
};
