import { type BiosAttribute, R740_BIOS_ATTRIBUTES } from "./attributes.ts";

export type BiosValue = string | number;
export type PowerState = "On" | "Off";

export type JobState = "Scheduled" | "Running" | "Completed" | "Failed";

export interface IdracJob {
  id: string;
  readonly name: string;
  state: JobState;
  message: string;
}

/** What goes wrong with BMCs, switched on by whoever tests. */
export interface IdracFaults {
  /** A job that ended is gone from the queue before anybody looks. Source: openstack/ironic bug 2159959 */
  forgetsEndedJobs: boolean;
  /** Requests refused after a boot: with 503, or as if nobody listened. */
  notReadyRequests: number;
  refusesConnections: boolean;
  /** Jobs get another id with a boot. Source: openstack/ironic bug 2137364, of the NIC's id */
  renamesJobsAtBoot: boolean;
  /** As firmware before 4.x: a change of settings makes no job. */
  makesNoJobs: boolean;
  /** The Lifecycle Controller is in use: no change is taken, for as many requests. */
  lifecycleBusyRequests: number;
  /** The job that applies settings fails at the boot; settings stay. */
  failsJobs: boolean;
  /** Takes the change and lets the connection end without a word, once. */
  closesAfterChange: boolean;
  /** Requests about a job, after the boot that applied it, until it says `Completed`. */
  slowJobRequests: number;
}

export const NO_IDRAC_FAULTS: IdracFaults = {
  forgetsEndedJobs: false,
  notReadyRequests: 0,
  refusesConnections: false,
  renamesJobsAtBoot: false,
  makesNoJobs: false,
  lifecycleBusyRequests: 0,
  failsJobs: false,
  closesAfterChange: false,
  slowJobRequests: 0,
};

export type ResetType =
  | "On"
  | "ForceOff"
  | "ForceRestart"
  | "GracefulRestart"
  | "GracefulShutdown"
  | "PowerCycle"
  | "PushPowerButton"
  | "Nmi";

export interface IdracSpec {
  readonly serviceTag: string;
  readonly model: string;
  readonly accounts: Readonly<Record<string, string>>;
  /** Settings that differ from those of delivery. */
  readonly attributes: Readonly<Record<string, BiosValue>>;
}

/**
 * An iDRAC9: its settings, job queue and sessions. What runs on the machine is not its affair; a reset is
 * handed to whoever owns the machine.
 */
export interface Idrac {
  readonly spec: IdracSpec;
  readonly registry: readonly BiosAttribute[];
  /** In force since the last boot. */
  readonly attributes: Map<string, BiosValue>;
  readonly pending: Map<string, BiosValue>;
  readonly jobs: IdracJob[];
  /** Account by token. */
  readonly sessions: Map<string, { readonly id: string; readonly user: string }>;
  readonly faults: IdracFaults;
  powerState: PowerState;
  /** Numbers given out so far, for jobs and sessions. */
  issued: number;
  /** Called when a reset was accepted. */
  onReset: (type: ResetType) => void;
}

export function createIdrac(spec: IdracSpec): Idrac {
  const initial = R740_BIOS_ATTRIBUTES.map(({ name, initial: value }) => [name, value] as const);
  return {
    spec,
    registry: R740_BIOS_ATTRIBUTES,
    attributes: new Map([...initial, ...Object.entries(spec.attributes)]),
    pending: new Map(),
    jobs: [],
    sessions: new Map(),
    faults: { ...NO_IDRAC_FAULTS },
    powerState: "On",
    issued: 0,
    onReset: () => undefined,
  };
}

/** As iDRAC9 numbers its jobs: `JID_` and twelve digits. */
export function issueJobId(idrac: Idrac): string {
  idrac.issued += 1;
  return `JID_${String(500_000_000_000 + idrac.issued).padStart(12, "0")}`;
}

/** Jobs kept at most. Source: iDRAC9 User's Guide, 256 */
const JOBS_MAX = 256;

/** Seals the pending settings: they can't be changed until the job ran or was deleted. */
export function addBiosJob(idrac: Idrac): IdracJob {
  const job: IdracJob = {
    id: issueJobId(idrac),
    name: "ConfigBIOS:BIOS.Setup.1-1",
    state: "Scheduled",
    message: "Task successfully scheduled.",
  };
  idrac.jobs.push(job);
  if (idrac.jobs.length > JOBS_MAX) idrac.jobs.shift();
  return job;
}

export const scheduledJob = (idrac: Idrac): IdracJob | undefined =>
  idrac.jobs.find(({ state }) => state === "Scheduled");

/**
 * What the BMC does while the machine starts: the scheduled job runs, and its settings are in force from
 * then on.
 */
export function bootIdrac(idrac: Idrac): void {
  idrac.powerState = "On";
  const job = scheduledJob(idrac);
  if (job !== undefined) runJob(idrac, job);
}

function runJob(idrac: Idrac, job: IdracJob): void {
  const { faults } = idrac;
  if (faults.failsJobs) {
    job.state = "Failed";
    job.message = "Unable to complete the job because of an internal error.";
  } else {
    for (const [name, value] of idrac.pending) idrac.attributes.set(name, value);
    job.state = faults.slowJobRequests > 0 ? "Running" : "Completed";
    job.message = job.state === "Running" ? "Job in progress." : "Job completed successfully.";
  }
  idrac.pending.clear();
  if (faults.renamesJobsAtBoot) job.id = issueJobId(idrac);
  if (faults.forgetsEndedJobs) idrac.jobs.splice(idrac.jobs.indexOf(job), 1);
}

/** A job that takes its time comes closer to its end with every look. */
export function lookAtJobs(idrac: Idrac): void {
  const running = idrac.jobs.find(({ state }) => state === "Running");
  if (running === undefined) return;
  idrac.faults.slowJobRequests -= 1;
  if (idrac.faults.slowJobRequests > 0) return;
  running.state = "Completed";
  running.message = "Job completed successfully.";
}
