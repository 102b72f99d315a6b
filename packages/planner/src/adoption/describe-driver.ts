import { type DriverInfo, type DriverSpec, isMlnxOfed } from "@switchyard/model";
import { driverSection } from "../host/sections/driver.ts";
import {
  type Description,
  type DescriptionContext,
  leftOut,
  nothingFound,
  provenSection,
} from "./description.ts";

const SECTION = { plan: driverSection, what: "the driver" };

/**
 * The kernel's own driver, or the vendor's where the last plan says from which archive it is: a host does not
 * keep what it was installed from.
 */
export function describeDriver(context: DescriptionContext): Description<DriverSpec> {
  const info = context.observed.nics.find(({ driverInfo }) => driverInfo !== undefined)?.driverInfo;
  if (info === undefined) return nothingFound;
  const applied = context.applied?.driver;
  if (applied !== undefined) {
    const proven = provenSection(context, SECTION, { spec: applied, part: { driver: applied } });
    if (proven.spec !== undefined) return proven;
  }
  if (isInbox(info)) {
    const spec = { kind: "inbox" } as const;
    return provenSection(context, SECTION, { spec, part: { driver: spec } });
  }
  return { spec: undefined, findings: [archiveUnknown(context.host, info)] };
}

const isInbox = ({ release, loaded }: DriverInfo): boolean =>
  release === undefined && loaded?.version === undefined;

function archiveUnknown(host: string, { module, release, loaded }: DriverInfo) {
  const version = release ?? `of version ${loaded?.version ?? "unknown"}`;
  const name = isMlnxOfed(release) ? "mlnx_ofed" : "doca_ofed";
  return leftOut(host, `the driver ${version}`, {
    found: `${module} ${loaded?.version ?? "not loaded"}, and no archive that it is from`,
    needs: "the archive's place and its SHA-256",
    fix: `Add driver.${name} with the archive; what is installed already is not installed again.`,
  });
}
