import {
  type BiosAttributes,
  BMC_JOBS_PATH,
  type BmcFacts,
  type BmcJob,
  biosPath,
  biosSettingsPath,
  clearPendingBios,
  createBiosJob,
  deleteBmcJob,
  differingBiosAttributes,
  HostError,
  patchBiosSettings,
  type ResetType,
  resetSystem,
} from "@switchyard/model";
import type { RedfishConnection } from "./connection.ts";
import {
  allowsReset,
  type BiosRegistryEntry,
  isBiosJob,
  isOpenJob,
  jobIdOf,
  parseAttributes,
  parseBiosRegistry,
  parseJob,
  parseJobs,
  parseMemberPaths,
  parseSystem,
  type RedfishSystem,
} from "./parse.ts";
import { isAbsent } from "./request.ts";

const SYSTEMS_PATH = "/redfish/v1/Systems";

async function get(connection: RedfishConnection, path: string): Promise<unknown> {
  return (await connection.request({ method: "GET", path })).body;
}

/** The machine itself. Its resource is looked up, because its id is the BMC's to choose. */
export async function readSystem(connection: RedfishConnection): Promise<RedfishSystem> {
  const [path] = parseMemberPaths(await get(connection, SYSTEMS_PATH));
  if (path !== undefined) return parseSystem(await get(connection, path), path);
  throw new HostError("BMC_ANSWER_UNREADABLE", "the BMC lists no system", {
    found: `no member in ${SYSTEMS_PATH}`,
    needs: "one",
  });
}

/** BIOS settings and what is under way with them. */
export interface BiosState {
  /** In force since the last boot. */
  readonly current: BiosAttributes;
  /** Asked for and not in force. */
  readonly pending: BiosAttributes;
  /** The configuration job that has not ended; there is one at most. */
  readonly job: BmcJob | undefined;
}

/** Three requests. @throws as `requestRedfish` */
export async function readBiosState(
  connection: RedfishConnection,
  systemPath: string,
): Promise<BiosState> {
  const current = parseAttributes(await get(connection, biosPath(systemPath)));
  const asked = parseAttributes(await get(connection, biosSettingsPath(systemPath)));
  const jobs = await listOpenJobs(connection);
  return {
    current,
    // Some firmware lists every setting there, not only those that will change.
    pending: differingBiosAttributes(asked, current),
    job: jobs.find(isBiosJob),
  };
}

/** Jobs of the queue, ended ones too. */
export const listJobs = async (connection: RedfishConnection): Promise<readonly BmcJob[]> =>
  parseJobs(await get(connection, `${BMC_JOBS_PATH}?$expand=*($levels=1)`));

/** Jobs that have not ended. */
export const listOpenJobs = async (connection: RedfishConnection): Promise<readonly BmcJob[]> =>
  (await listJobs(connection)).filter(isOpenJob);

/** The last job that sets BIOS, ended or not; undefined where the queue has none (any more). */
export const findLastBiosJob = async (connection: RedfishConnection): Promise<BmcJob | undefined> =>
  (await listJobs(connection)).findLast(isBiosJob);

/** All there is to know of a BMC for an inventory. Five requests. @throws as `requestRedfish` */
export async function readBmcFacts(connection: RedfishConnection): Promise<BmcFacts> {
  const { path, model, biosVersion, powerState } = await readSystem(connection);
  const { current, pending } = await readBiosState(connection, path);
  return {
    model,
    biosVersion,
    powerState,
    systemPath: path,
    biosAttributes: current,
    pendingAttributes: pending,
    jobs: await listOpenJobs(connection),
  };
}

/** What each setting takes. About a megabyte: read it when something is to be set. */
export const readBiosRegistry = async (
  connection: RedfishConnection,
  systemPath: string,
): Promise<ReadonlyMap<string, BiosRegistryEntry>> =>
  parseBiosRegistry(await get(connection, `${biosPath(systemPath)}/BiosRegistry`));

/**
 * Asks for settings with the next boot. Not to be run while a BIOS job is open.
 *
 * @returns id of the job that current firmware makes for it; undefined where it must be made
 * @throws HostError BMC_JOB_PENDING; as `requestRedfish`
 */
export async function requestBiosSettings(
  connection: RedfishConnection,
  systemPath: string,
  attributes: BiosAttributes,
): Promise<string | undefined> {
  const { location } = await connection.request(patchBiosSettings(systemPath, attributes));
  return location === undefined ? undefined : jobIdOf(location);
}

/** Makes the job that applies pending settings. @throws HostError BMC_JOB_PENDING; as `requestRedfish` */
export async function addBiosJob(
  connection: RedfishConnection,
  systemPath: string,
): Promise<string | undefined> {
  const { location } = await connection.request(createBiosJob(systemPath));
  return location === undefined ? undefined : jobIdOf(location);
}

/**
 * A job by its id. A finished one may be gone from the list, so that absent tells nothing about how it
 * ended: look at what it was to change.
 *
 * @see openstack/ironic bug 2159959
 */
export async function findBmcJob(
  connection: RedfishConnection,
  id: string,
): Promise<BmcJob | undefined> {
  try {
    return parseJob(await get(connection, `${BMC_JOBS_PATH}/${id}`));
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** Takes a job that waits out of the queue; one that is gone is success. */
export async function removeBmcJob(connection: RedfishConnection, id: string): Promise<void> {
  try {
    await connection.request(deleteBmcJob(id));
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
}

/**
 * Forgets settings that wait for a boot, the job first: while it holds them the BMC refuses. May run twice.
 *
 * @throws HostError BMC_JOB_PENDING (the job runs already); as `requestRedfish`
 */
export async function forgetPendingBios(
  connection: RedfishConnection,
  systemPath: string,
): Promise<void> {
  const { job } = await readBiosState(connection, systemPath);
  if (job !== undefined) await removeBmcJob(connection, job.id);
  const { pending } = await readBiosState(connection, systemPath);
  if (Object.keys(pending).length > 0) await connection.request(clearPendingBios(systemPath));
}

/**
 * Asks the BMC to change the machine's power. `PowerCycle` takes it away at once, whatever runs.
 *
 * @throws HostError BMC_REQUEST_REFUSED (it does not know this reset); as `requestRedfish`
 */
export async function requestReset(
  connection: RedfishConnection,
  system: RedfishSystem,
  type: ResetType,
): Promise<void> {
  if (!allowsReset(system, type)) {
    throw new HostError("BMC_REQUEST_REFUSED", `the BMC does not know the reset ${type}`, {
      found: system.resetTypes.join(", "),
      needs: type,
    });
  }
  await connection.request(resetSystem(system.path, type));
}
