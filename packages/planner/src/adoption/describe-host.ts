import type {
  Finding,
  HostDesired,
  HostId,
  HostProfileSpec,
  Inventory,
  LabelSelector,
} from "@switchyard/model";
import { warningFinding } from "../findings/finding.ts";
import { planHost } from "../host/plan-host.ts";
import { describeBios } from "./describe-bios.ts";
import { asFound, describeDatapath } from "./describe-datapath.ts";
import { describeDriver } from "./describe-driver.ts";
import { describeFirmware } from "./describe-firmware.ts";
import { describeSystem } from "./describe-system.ts";
import { describeVirtualization } from "./describe-virtualization.ts";
import { type DescriptionContext, desireNothingOf } from "./description.ts";

/** A profile written from a host, and what of the host it can't express. */
export interface HostDescription {
  /** Undefined when the host has no datapath that a profile could describe. */
  readonly spec: HostProfileSpec | undefined;
  readonly findings: readonly Finding[];
}

/**
 * The profile of a host that is set up already, by hand or by Switchyard: once it is a profile, the host's
 * plan is empty, unless a finding says what it does. Of every section the host shows something of, there is a
 * section in the profile or a finding.
 *
 * @param selector labels that the profile shall match
 */
export function describeHost({
  selector,
  ...context
}: DescriptionContext & { readonly selector: LabelSelector }): HostDescription {
  const datapath = describeDatapath(context.host, context.observed);
  const bios = describeBios(context);
  const system = describeSystem(context);
  const firmware = describeFirmware(context);
  const driver = describeDriver(context);
  const virtualization = describeVirtualization(context);
  const findings = [bios, system, firmware, driver, virtualization].flatMap(
    (each) => each.findings,
  );
  if (datapath.spec === undefined) {
    return { spec: undefined, findings: [...datapath.findings, ...findings] };
  }
  const spec: HostProfileSpec = {
    selector,
    datapath: datapath.spec,
    ...(bios.spec !== undefined && { bios: bios.spec }),
    ...(system.spec !== undefined && { system: system.spec }),
    ...(firmware.spec !== undefined && { firmware: firmware.spec }),
    ...(driver.spec !== undefined && { driver: driver.spec }),
    ...(virtualization.spec !== undefined && { virtualization: virtualization.spec }),
  };
  return { spec, findings: [...datapath.findings, ...findings, ...planRemarks(context, spec)] };
}

/** What is wished for once the profile is the host's: every device keeps its MAC, the bridge its address. */
export function desireAsFound(
  host: HostId,
  observed: Inventory,
  { selector: _, datapath, ...sections }: HostProfileSpec,
): HostDesired {
  return { ...desireNothingOf(host), ...sections, datapath: asFound(datapath, observed) };
}

/** Steps in words at most; a host that needs more than these is not set up. */
const STEPS_SHOWN = 6;

/** The proof of the description: its own plan. */
function planRemarks({ host, observed }: DescriptionContext, spec: HostProfileSpec) {
  const plan = planHost(desireAsFound(host, observed, spec), observed);
  const obstacles = plan.findings.filter(({ severity }) => severity === "error");
  const titles = plan.steps.map(({ title }) => title);
  const shown = [...obstacles.map(({ message }) => message), ...titles];
  if (shown.length === 0) return [];
  const more = shown.length > STEPS_SHOWN ? [`and ${shown.length - STEPS_SHOWN} more`] : [];
  return [
    warningFinding("HOST_NOT_DESCRIBABLE", {
      message: `${host} is not yet as its profile says`,
      found: `the profile's plan: ${[...shown.slice(0, STEPS_SHOWN), ...more].join("; ")}`,
      needs: "an empty plan: apply it, or change on the host what it names",
    }),
  ];
}
