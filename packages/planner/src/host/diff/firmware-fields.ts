import { formatFirmware, type HostDesired, type Inventory, type Nic } from "@switchyard/model";
import { diffFirmwareConfig } from "../../firmware/config.ts";
import { planFirmwarePath } from "../../firmware/path.ts";
import { vfCountsOf } from "../datapath/vf-counts.ts";
import type { FieldDifference } from "./diff-host.ts";

type Spec = NonNullable<HostDesired["firmware"]>;

/** The version that the card shall run; undefined where the profile asks for none. */
function wantedVersion({ psid, firmware }: Nic, spec: Spec) {
  if (psid === undefined || firmware === undefined) return undefined;
  const path = planFirmwarePath({ psid, ...firmware }, spec.images, spec.allowsDowngrade);
  switch (path.kind) {
    case "hops":
      return path.hops.at(-1)?.version;
    case "downgrade":
    case "no-chain":
      return path.target.version;
    case "up-to-date":
      return firmware.running;
    case "no-image":
    case "other-family":
      return undefined;
  }
}

function versionFields(nic: Nic, spec: Spec): readonly FieldDifference[] {
  const wanted = wantedVersion(nic, spec);
  const [pf] = nic.pfs;
  if (wanted === undefined || nic.firmware === undefined || pf === undefined) return [];
  return [
    {
      field: `nic[${pf.pciAddress}].firmware`,
      observed: formatFirmware(nic.firmware.running),
      desired: formatFirmware(wanted),
    },
  ];
}

function configFields(
  nic: Nic,
  spec: Spec,
  vfCounts: ReturnType<typeof vfCountsOf>,
): readonly FieldDifference[] {
  return (nic.firmwareFacts?.config ?? []).flatMap((config) => {
    const needs = { vfCount: vfCounts.get(config.pf) };
    const { due, toSet } = diffFirmwareConfig(config, spec.config, needs);
    return Object.entries({ ...due, ...toSet }).map(([name, desired]) => {
      const parameter = config.parameters.find((each) => each.name === name);
      const isUndone = Object.hasOwn(toSet, name) && !Object.hasOwn(due, name);
      const observed = isUndone
        ? `${parameter?.nextBoot ?? "unknown"} at the next boot`
        : (parameter?.current ?? "unknown");
      return { field: `pf[${config.pf}].firmware_config[${name}]`, observed, desired };
    });
  });
}

/** Where cards do not run, or are not configured to, what the profile asks for. */
export function firmwareFields(
  desired: HostDesired,
  observed: Inventory,
): readonly FieldDifference[] {
  const spec = desired.firmware;
  if (spec === undefined) return [];
  const vfCounts = vfCountsOf(desired, observed);
  return observed.nics
    .filter(({ nicProfile }) => nicProfile === "mlx5")
    .flatMap((nic) => [...versionFields(nic, spec), ...configFields(nic, spec, vfCounts)]);
}
