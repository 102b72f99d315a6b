import {
  compareVersions,
  type Finding,
  QEMU_LINK,
  type VirtualizationFacts,
} from "@switchyard/model";
import { errorFinding, warningFinding } from "../../findings/finding.ts";
import { LIBVIRT_OF_PAGE_PER_VQ, LIBVIRT_OF_VDPA } from "../../vm/runtime-findings.ts";

/** Oldest QEMU with the netdev vhost-vdpa. @see qemu/qemu net/vhost-vdpa.c, in 5.1 */
export const QEMU_OF_VDPA = "5.1";
/** What NVIDIA's page on hardware vDPA asks for. @see DOCA, "Virtio Acceleration through Hardware vDPA" */
const QEMU_ADVISED = "6.1";

export const foreignLink = (host: string, found: string): Finding =>
  errorFinding("QEMU_LINK_TAKEN", {
    message: `${host} has a QEMU that Switchyard did not put there`,
    found,
    needs: "nothing there, or a link that Switchyard made",
  });

export const qemuTooOld = (host: string, version: string): Finding =>
  errorFinding("QEMU_TOO_OLD", {
    message: `${host} can't give VMs vDPA devices`,
    found: `QEMU ${version}`,
    needs: `QEMU ${QEMU_OF_VDPA} or newer, better ${QEMU_ADVISED}`,
  });

/** Of the versions that are there; what is not installed has none. */
export const versionFindings = (host: string, facts: VirtualizationFacts): readonly Finding[] => [
  ...qemuFindings(host, facts),
  ...libvirtFindings(host, facts),
];

function qemuFindings(host: string, { qemus }: VirtualizationFacts): readonly Finding[] {
  const version = qemus.find(({ path }) => path === QEMU_LINK)?.version;
  if (version === undefined) return [];
  if (compareVersions(version, QEMU_OF_VDPA) < 0) return [qemuTooOld(host, version)];
  if (compareVersions(version, QEMU_ADVISED) >= 0) return [];
  return [
    warningFinding("QEMU_TOO_OLD", {
      message: `${host} has an old QEMU`,
      found: `QEMU ${version}`,
      needs: `${QEMU_ADVISED} or newer for hardware vDPA with huge pages`,
    }),
  ];
}

function libvirtFindings(host: string, facts: VirtualizationFacts): readonly Finding[] {
  const { libvirtVersion: version } = facts;
  if (version === undefined || compareVersions(version, LIBVIRT_OF_PAGE_PER_VQ) >= 0) return [];
  const isTooOld = compareVersions(version, LIBVIRT_OF_VDPA) < 0;
  return [
    warningFinding("LIBVIRT_TOO_OLD", {
      message: `${host} has an old libvirt`,
      found: `libvirt ${version}`,
      needs: isTooOld
        ? `${LIBVIRT_OF_VDPA} or newer for interfaces of type vdpa`
        : `${LIBVIRT_OF_PAGE_PER_VQ} or newer for page_per_vq`,
    }),
  ];
}
