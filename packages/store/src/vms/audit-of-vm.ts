import type { VmRecord } from "./vm-queries.ts";

/** What the audit keeps of where a VM went. */
export const auditOfVm = ({
  allocation: { host, nics },
}: VmRecord): Readonly<Record<string, string>> => ({
  host,
  ...Object.fromEntries(
    nics.map(({ index, kind, pf, vfIndex, mac, address }) => [
      `nic_${index}`,
      `${kind} VF ${vfIndex} of ${pf}, ${mac} ${address}`,
    ]),
  ),
});
