import {
  compareVersions,
  type Finding,
  type Inventory,
  runtimeOf,
  type VmDesired,
  type VmSpec,
} from "@switchyard/model";
import { errorFinding, warningFinding } from "../findings/finding.ts";

/** Oldest libvirt with interfaces of type vdpa. @see libvirt/libvirt NEWS.rst, 6.9.0 */
export const LIBVIRT_OF_VDPA = "6.9.0";
/** Oldest libvirt that can give each queue its own page. @see libvirt/libvirt NEWS.rst, 7.9.0 */
export const LIBVIRT_OF_PAGE_PER_VQ = "7.9.0";
/** Oldest libvirt that can be told properties of a device it has no word for. @see libvirt/libvirt NEWS.rst, 8.2.0 */
const LIBVIRT_OF_OVERRIDE = "8.2.0";
/** Oldest libvirt that lets QEMU lock RAM for each of several vDPA devices. @see libvirt/libvirt NEWS.rst, 8.7.0 */
const LIBVIRT_OF_SEVERAL_VDPA = "8.7.0";

/** What decides whether a runtime can run a VM. */
type RuntimeWish = Pick<VmSpec, "runtime"> & {
  readonly nics: readonly Pick<VmSpec["nics"][number], "kind">[];
};

interface Need {
  readonly version: string;
  readonly what: string;
}

/** What the VM needs of libvirt; undefined where any will do. */
function needOf({ nics }: RuntimeWish): Need | undefined {
  const vdpaCount = nics.filter(({ kind }) => kind === "vdpa").length;
  if (vdpaCount === 0) return undefined;
  return vdpaCount === 1
    ? { version: LIBVIRT_OF_OVERRIDE, what: "a vDPA NIC that is virtio 1.0 only" }
    : { version: LIBVIRT_OF_SEVERAL_VDPA, what: `${vdpaCount} vDPA NICs` };
}

/**
 * Why a host's libvirt can't run a VM that asks for libvirt; undefined when it can, or is not asked for.
 *
 * @param version of the host's libvirt; undefined without
 */
export function libvirtMisfit(
  spec: RuntimeWish,
  version: string | undefined,
): { readonly found: string; readonly needs: string } | undefined {
  if (runtimeOf(spec) === "qemu") return undefined;
  const need = needOf(spec);
  if (version === undefined) return { found: "no libvirt", needs: "libvirt on the host" };
  if (need === undefined || compareVersions(version, need.version) >= 0) return undefined;
  return {
    found: `libvirt ${version}`,
    needs: `libvirt ${need.version} or newer for ${need.what}`,
  };
}

/** The host can run the VM by the runtime it asks for, and another runtime does not run it now. */
export function runtimeFindings(vm: VmDesired, observed: Inventory): readonly Finding[] {
  const wanted = runtimeOf(vm.spec);
  const misfit = libvirtMisfit(vm.spec, observed.virtualization?.libvirtVersion);
  const now = observed.vms.find((other) => other.vm === vm.vm);
  const isRunning = now?.state === "running" || now?.state === "paused";
  const isOther = isRunning && now.runtime !== undefined && now.runtime !== wanted;
  return [
    ...(misfit === undefined
      ? []
      : [
          errorFinding("LIBVIRT_TOO_OLD", {
            message: `${vm.allocation.host} can't run ${vm.vm} by libvirt`,
            ...misfit,
          }),
        ]),
    ...(isOther
      ? [
          warningFinding("VM_RUNTIME_OTHER", {
            message: `${vm.vm} runs by ${now.runtime} and goes on so`,
            found: `runtime ${now.runtime}`,
            needs: `${wanted}, from its next start on`,
          }),
        ]
      : []),
  ];
}
