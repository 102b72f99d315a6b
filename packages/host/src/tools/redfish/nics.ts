import {
  type BmcJob,
  type BmcNicFunction,
  clearPendingNic,
  createNicJob,
  isJobOfNicFunction,
  isPciAddress,
  NETWORK_ADAPTERS_PATH,
  nicAttributesPath,
  nicFunctionsPath,
  nicRegistryPath,
  nicSettingsPath,
  type PciAddress,
  patchNicMode,
  VIRTUALIZATION_MODE,
} from "@switchyard/model";
import { recordOf, textOf } from "../json.ts";
import type { RedfishConnection } from "./connection.ts";
import {
  type BiosRegistryEntry,
  jobIdOf,
  parseAttributes,
  parseBiosRegistry,
  parseMembers,
} from "./parse.ts";
import { listJobs, listOpenJobs, removeBmcJob } from "./redfish.ts";
import { isAbsent } from "./request.ts";

/** Adapters looked at; an R740 has eight slots and one daughter card. */
const ADAPTERS_MAX = 16;
/** Functions looked at per adapter: four ports with eight partitions. */
const FUNCTIONS_MAX = 32;

async function getIfPresent(connection: RedfishConnection, path: string): Promise<unknown> {
  try {
    return (await connection.request({ method: "GET", path })).body;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

const expanded = (path: string): string => `${path}?$expand=*($levels=1)`;

const pathOf = (member: unknown): string | undefined => textOf(recordOf(member)["@odata.id"]);

/**
 * The NICs' functions that have a virtualization mode. Empty where the BMC shows no NICs. Two requests for a
 * function, one for an adapter.
 *
 * @throws as `requestRedfish`
 */
export async function listNicFunctions(
  connection: RedfishConnection,
): Promise<readonly BmcNicFunction[]> {
  const adapters = parseMembers(await getIfPresent(connection, NETWORK_ADAPTERS_PATH));
  const found: BmcNicFunction[] = [];
  for (const adapter of adapters.slice(0, ADAPTERS_MAX)) {
    const path = pathOf(adapter);
    if (path === undefined) continue;
    const members = await getIfPresent(connection, expanded(nicFunctionsPath(path)));
    for (const member of parseMembers(members).slice(0, FUNCTIONS_MAX)) {
      const nicFunction = await readMember(connection, member);
      if (nicFunction !== undefined) found.push(nicFunction);
    }
  }
  return found;
}

async function readMember(
  connection: RedfishConnection,
  member: unknown,
): Promise<BmcNicFunction | undefined> {
  const path = pathOf(member);
  if (path === undefined) return undefined;
  // Some firmware does not expand.
  const isWhole = recordOf(member)["Ethernet"] !== undefined;
  const body = recordOf(isWhole ? member : await getIfPresent(connection, path));
  const ethernet = recordOf(body["Ethernet"]);
  const mac = textOf(ethernet["PermanentMACAddress"]) ?? textOf(ethernet["MACAddress"]);
  const id = textOf(body["Id"]);
  if (id === undefined || mac === undefined) return undefined;
  const attributesPath = nicAttributesPath(path, id);
  const modes = await readModes(connection, attributesPath);
  return (
    modes && {
      ...{ id, attributesPath, mac: mac.toLowerCase() },
      pciAddress: parsePciFunction(recordOf(recordOf(body["Links"])["PCIeFunction"])),
      ...modes,
    }
  );
}

/** `…/PCIeFunctions/130-0-1`, in decimal; an R740 has one PCI domain. Source: iDRAC9 */
function parsePciFunction(link: Readonly<Record<string, unknown>>): PciAddress | undefined {
  const [, ...numbers] = /\/(\d+)-(\d+)-(\d+)$/.exec(textOf(link["@odata.id"]) ?? "") ?? [];
  if (numbers.length === 0) return undefined;
  const [bus = "", device = "", fn = ""] = numbers.map((each) => Number(each).toString(16));
  const address = `0000:${bus.padStart(2, "0")}:${device.padStart(2, "0")}.${fn}`;
  return isPciAddress(address) ? address : undefined;
}

type NicModes = Pick<BmcNicFunction, "mode" | "pendingMode">;

/** Undefined where the function has no such attribute. */
async function readModes(
  connection: RedfishConnection,
  attributesPath: string,
): Promise<NicModes | undefined> {
  const modeAt = async (path: string): Promise<string | undefined> =>
    textOf(parseAttributes(await getIfPresent(connection, path))[VIRTUALIZATION_MODE]);
  const mode = await modeAt(attributesPath);
  if (mode === undefined) return undefined;
  const asked = await modeAt(nicSettingsPath(attributesPath));
  // Some firmware lists there what is in force as well.
  return { mode, pendingMode: asked === mode ? undefined : asked };
}

/** A function's mode and what is under way with it. */
export interface NicModeState {
  /** Undefined where the function or its attribute is gone. */
  readonly mode: string | undefined;
  readonly pendingMode: string | undefined;
  /** The configuration job of this function that has not ended. */
  readonly job: BmcJob | undefined;
}

type NicFunctionName = Pick<BmcNicFunction, "id" | "attributesPath">;

/** Three requests. @throws as `requestRedfish` */
export async function readNicModeState(
  connection: RedfishConnection,
  { id, attributesPath }: NicFunctionName,
): Promise<NicModeState> {
  const modes = await readModes(connection, attributesPath);
  const jobs = await listOpenJobs(connection);
  return {
    mode: modes?.mode,
    pendingMode: modes?.pendingMode,
    job: jobs.find(({ name }) => isJobOfNicFunction(name, id)),
  };
}

/** The last job that configures the function, ended or not; undefined where the queue has none (any more). */
export const findLastNicJob = async (
  connection: RedfishConnection,
  id: string,
): Promise<BmcJob | undefined> =>
  (await listJobs(connection)).findLast(({ name }) => isJobOfNicFunction(name, id));

/** What each attribute of the function takes. */
export const readNicRegistry = async (
  connection: RedfishConnection,
  id: string,
): Promise<ReadonlyMap<string, BiosRegistryEntry>> =>
  parseBiosRegistry((await connection.request({ method: "GET", path: nicRegistryPath(id) })).body);

/**
 * Asks for a mode with the next boot. Not to be run while a job of the function is open.
 *
 * @returns id of the job that current firmware makes for it; undefined where it must be made
 * @throws HostError BMC_JOB_PENDING; as `requestRedfish`
 */
export async function requestNicMode(
  connection: RedfishConnection,
  { attributesPath }: NicFunctionName,
  mode: string,
): Promise<string | undefined> {
  const { location } = await connection.request(patchNicMode(attributesPath, mode));
  return location === undefined ? undefined : jobIdOf(location);
}

/** Makes the job that applies the pending mode. @throws HostError BMC_JOB_PENDING; as `requestRedfish` */
export async function addNicJob(
  connection: RedfishConnection,
  { attributesPath }: NicFunctionName,
): Promise<void> {
  await connection.request(createNicJob(attributesPath));
}

/**
 * Forgets a mode that waits for a boot, the job first: while it holds it the BMC refuses. May run twice.
 *
 * @throws HostError BMC_JOB_PENDING (the job runs already); as `requestRedfish`
 */
export async function forgetPendingNic(
  connection: RedfishConnection,
  nicFunction: NicFunctionName,
): Promise<void> {
  const { job } = await readNicModeState(connection, nicFunction);
  if (job !== undefined) await removeBmcJob(connection, job.id);
  const { pendingMode } = await readNicModeState(connection, nicFunction);
  if (pendingMode !== undefined) {
    await connection.request(clearPendingNic(nicFunction.attributesPath));
  }
}
