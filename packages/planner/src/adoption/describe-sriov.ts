import type { Finding, SriovDatapathSpec, Vf, VfDriverChoice } from "@switchyard/model";
import { warningFinding } from "../findings/finding.ts";
import type { PfView } from "../host/datapath/pf-view.ts";
import { hasVfioDriver } from "../host/datapath/vfio-driver.ts";

/** A vfio driver holds it. */
export const isForVms = (vf: Vf): boolean => hasVfioDriver(vf, "auto");

export function describeSriov(
  host: string,
  view: PfView,
): { readonly spec: SriovDatapathSpec; readonly findings: readonly Finding[] } {
  const { pf, port } = view;
  const spec: SriovDatapathSpec = {
    mode: "sriov",
    uplink: { kind: "port", port },
    vfCount: pf.vfCount,
    vfDriver: choiceOf(pf.vfs),
  };
  return { spec, findings: [...unboundVfs(host, view), ...unnamedVfs(host, view)] };
}

/** Where VFs have different ones, `auto` leaves each with its own. */
function choiceOf(vfs: readonly Vf[]): VfDriverChoice {
  const drivers = [...new Set(vfs.filter(isForVms).map(({ driver }) => driver))];
  const [only] = drivers;
  return drivers.length === 1 && (only === "vfio-pci" || only === "mlx5_vfio_pci") ? only : "auto";
}

function unboundVfs(host: string, { pf }: PfView): readonly Finding[] {
  const others = pf.vfs.filter((vf) => !isForVms(vf));
  if (others.length === 0) return [];
  return [
    warningFinding("HOST_NOT_DESCRIBABLE", {
      message: `${host} has VFs that no vfio driver holds; the plan binds them`,
      found: others.map((vf) => `${vf.pciAddress} ${vf.driver ?? "unbound"}`).join(", "),
      needs: "every VF of the port for VMs",
    }),
  ];
}

function unnamedVfs(host: string, { pf }: PfView): readonly Finding[] {
  const unnamed = pf.vfs.filter(
    ({ adminMac, fixedMac }) => adminMac === undefined && fixedMac === undefined,
  );
  if (unnamed.length === 0) return [];
  return [
    warningFinding("HOST_NOT_DESCRIBABLE", {
      message: `${host} has VFs without a MAC of their own; the plan gives them one`,
      found: unnamed.map(({ pciAddress }) => pciAddress).join(", "),
      needs: "an admin MAC for every VF, so that a VM finds the same one at every start",
    }),
  ];
}
