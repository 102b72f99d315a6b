import type { BiosAttributes, BiosValue, BmcJob, PowerState, ResetType } from "@switchyard/model";
import { arrayOf, recordOf, textOf } from "../json.ts";

const POWER_STATES: Readonly<Record<string, PowerState>> = {
  On: "on",
  Off: "off",
  PoweringOn: "powering-on",
  PoweringOff: "powering-off",
};

/** The system's own resource. */
export interface RedfishSystem {
  readonly path: string;
  readonly model: string;
  readonly biosVersion: string;
  readonly serviceTag: string;
  readonly powerState: PowerState | undefined;
  /** Empty where the BMC does not say which it takes. */
  readonly resetTypes: readonly string[];
}

/** Members of a collection, whole or as links; none where it is absent. */
export const parseMembers = (body: unknown): readonly unknown[] =>
  body === undefined ? [] : arrayOf(recordOf(body)["Members"]);

/** `@odata.id` of each member of a collection. */
export const parseMemberPaths = (body: unknown): readonly string[] =>
  parseMembers(body).flatMap((member) => textOf(recordOf(member)["@odata.id"]) ?? []);

export function parseSystem(body: unknown, path: string): RedfishSystem {
  const system = recordOf(body);
  const reset = recordOf(recordOf(system["Actions"])["#ComputerSystem.Reset"]);
  return {
    path,
    model: textOf(system["Model"]) ?? "",
    biosVersion: textOf(system["BiosVersion"]) ?? "",
    serviceTag: textOf(system["SKU"]) ?? textOf(system["SerialNumber"]) ?? "",
    powerState: POWER_STATES[textOf(system["PowerState"]) ?? ""],
    resetTypes: arrayOf(reset["ResetType@Redfish.AllowableValues"]).flatMap(
      (each) => textOf(each) ?? [],
    ),
  };
}

export const allowsReset = ({ resetTypes }: RedfishSystem, type: ResetType): boolean =>
  resetTypes.length === 0 || resetTypes.includes(type);

/** Attributes kept of one answer at most; an R740 has some two hundred. */
const ATTRIBUTES_MAX = 1000;

/** `Attributes` of the BIOS resource or of its settings; null stands for what can't be told. */
export function parseAttributes(body: unknown): BiosAttributes {
  const entries = Object.entries(recordOf(recordOf(body)["Attributes"]))
    .filter((entry): entry is [string, BiosValue] => isBiosValueType(entry[1]))
    .slice(0, ATTRIBUTES_MAX);
  return Object.fromEntries(entries);
}

const isBiosValueType = (value: unknown): boolean =>
  typeof value === "string" || typeof value === "number";

/** One setting of the attribute registry. */
export interface BiosRegistryEntry {
  readonly name: string;
  readonly isReadOnly: boolean;
  /** What an enumeration takes; undefined for text and numbers. */
  readonly values: readonly string[] | undefined;
  readonly lowerBound: number | undefined;
  readonly upperBound: number | undefined;
}

/** @see DMTF AttributeRegistry schema */
export function parseBiosRegistry(body: unknown): ReadonlyMap<string, BiosRegistryEntry> {
  const attributes = arrayOf(recordOf(recordOf(body)["RegistryEntries"])["Attributes"]);
  const entries = attributes.slice(0, ATTRIBUTES_MAX).flatMap((entry) => {
    const record = recordOf(entry);
    const name = textOf(record["AttributeName"]);
    return name === undefined ? [] : [[name, registryEntry(name, record)] as const];
  });
  return new Map(entries);
}

function registryEntry(name: string, record: Readonly<Record<string, unknown>>): BiosRegistryEntry {
  const values = arrayOf(record["Value"]).flatMap(
    (each) => textOf(recordOf(each)["ValueName"]) ?? [],
  );
  const bound = (key: string): number | undefined =>
    typeof record[key] === "number" ? record[key] : undefined;
  return {
    name,
    isReadOnly: record["ReadOnly"] === true || record["Immutable"] === true,
    values: record["Type"] === "Enumeration" ? values : undefined,
    lowerBound: bound("LowerBound"),
    upperBound: bound("UpperBound"),
  };
}

/** What a BIOS configuration job is called, whatever else firmware versions call it. */
const BIOS_JOB = /^ConfigBIOS:|^BIOSConfiguration/;

export function parseJob(body: unknown): BmcJob {
  const job = recordOf(body);
  return {
    id: textOf(job["Id"]) ?? "",
    name: textOf(job["Name"]) ?? textOf(job["JobType"]) ?? "",
    state: textOf(job["JobState"]) ?? textOf(job["TaskState"]) ?? "",
    message: textOf(job["Message"]) ?? "",
  };
}

export const isBiosJob = ({ name }: BmcJob): boolean => BIOS_JOB.test(name);

/** Jobs listed at most; an iDRAC keeps 256. */
const JOBS_MAX = 512;

/** Members of an expanded collection of jobs. */
export const parseJobs = (body: unknown): readonly BmcJob[] =>
  arrayOf(recordOf(body)["Members"]).slice(0, JOBS_MAX).map(parseJob);

const ENDED = new Set([
  "Completed",
  "CompletedWithErrors",
  "Failed",
  "RebootCompleted",
  "RebootFailed",
  "Exception",
  "Cancelled",
]);

/** Whether a job goes on: waits for a boot, or runs. */
export const isOpenJob = ({ state }: BmcJob): boolean => !ENDED.has(state);

/** `…/Jobs/JID_123` or `…/Tasks/JID_123`. */
export const jobIdOf = (location: string): string | undefined => /JID_\d+/.exec(location)?.[0];
