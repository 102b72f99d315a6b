import {
  NICS_PER_VM_MAX,
  type NicKind,
  type NicSpec,
  parseIpv4Address,
  parseMacAddress,
} from "@switchyard/model";
import type { NicSpec as ProtoNicSpec, VmSpec as ProtoVmSpec } from "@switchyard/proto";
import { NIC_KIND, wordOf } from "../convert/enums.ts";
import { checkInteger } from "./fields.ts";
import { networkName } from "./names.ts";
import type { Violations } from "./violations.ts";

const nicAt = (at: number): string => `nics[${at}]`;

function checkQueuePairs(
  violations: Violations,
  nic: { readonly queuePairs: number; readonly kind: NicKind | undefined },
  vcpuCount: number,
): void {
  const { queuePairs: value, kind } = nic;
  const max = kind === "sriov" ? 0 : Math.max(1, vcpuCount);
  checkInteger(violations, "queue_pairs", { value, min: 0, max });
}

function readNic(
  nic: ProtoNicSpec,
  violations: Violations,
  vcpuCount: number,
): NicSpec | undefined {
  const network = violations.parse("network", nic.network, networkName.parse);
  const kind = wordOf(NIC_KIND, nic.kind);
  if (kind === undefined) violations.add("kind", "must be VDPA or SRIOV");
  const { queuePairs } = nic;
  checkQueuePairs(violations, { queuePairs, kind }, vcpuCount);
  const mac = nic.mac === "" ? undefined : violations.parse("mac", nic.mac, parseMacAddress);
  const address =
    nic.address === "" ? undefined : violations.parse("address", nic.address, parseIpv4Address);
  if (network === undefined || kind === undefined) return undefined;
  return {
    ...{ network, kind, queuePairs },
    ...(mac !== undefined && { mac }),
    ...(address !== undefined && { address }),
  };
}

/** A host offers NICs of one kind, and no two NICs have one MAC or, on one network, one address. */
function checkTogether(nics: readonly (NicSpec | undefined)[], violations: Violations): void {
  for (const [at, nic] of nics.entries()) {
    if (nic === undefined) continue;
    const [first] = nics;
    const isSame = first === undefined || nic.kind === first.kind;
    violations.check(
      isSame,
      `${nicAt(at)}.kind`,
      "must be that of the first NIC: no host offers both",
    );
    const before = nics.slice(0, at);
    const hasMac = nic.mac !== undefined && before.some((other) => other?.mac === nic.mac);
    violations.check(!hasMac, `${nicAt(at)}.mac`, "is that of another NIC of the VM");
    const hasAddress =
      nic.address !== undefined &&
      before.some((other) => other?.address === nic.address && other?.network === nic.network);
    violations.check(!hasAddress, `${nicAt(at)}.address`, "is that of another NIC of the VM");
  }
}

/** The short form: one vDPA NIC. */
function readShortForm(spec: ProtoVmSpec, violations: Violations): readonly NicSpec[] | undefined {
  const network = violations.parse("network", spec.network, networkName.parse);
  const { queuePairs } = spec;
  checkQueuePairs(violations, { queuePairs, kind: "vdpa" }, spec.vcpuCount);
  return network === undefined ? undefined : [{ network, kind: "vdpa", queuePairs }];
}

/** The VM's NICs; undefined when a violation was added that leaves none to go on with. */
export function readNics(
  spec: ProtoVmSpec,
  violations: Violations,
): readonly NicSpec[] | undefined {
  if (spec.nics.length === 0) return readShortForm(spec, violations);
  violations.check(spec.network === "", "network", "and nics exclude each other");
  violations.check(spec.queuePairs === 0, "queue_pairs", "and nics exclude each other");
  const isFew = spec.nics.length <= NICS_PER_VM_MAX;
  if (!violations.check(isFew, "nics", `must be at most ${NICS_PER_VM_MAX}`)) return undefined;
  const nics = spec.nics.map((nic, at) => readNic(nic, violations.at(nicAt(at)), spec.vcpuCount));
  checkTogether(nics, violations);
  return nics.every((nic) => nic !== undefined) ? nics : undefined;
}
