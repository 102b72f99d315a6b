import { type BiosAttribute, R740_BIOS_ATTRIBUTES } from "./attributes.ts";
import type { IdracNic } from "./nics.ts";

export type BiosValue = string | number;
export type PowerState = "On" | "Off";

export type JobState = "Scheduled" | "Running" | "Completed" | "Failed";

export interface IdracJob {
  id: string;
  /** `ConfigBIOS:BIOS.Setup.1-1`, `ConfigNIC:NIC.Slot.3-1-1`. */
  readonly name: string;
  /** What it configures: `BIOS.Setup.1-1`, or a NIC's function. */
  readonly target: string;
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
  /** Functions of the machine's NICs; whoever builds the machine adds them. */
  readonly nics: IdracNic[];
  readonly jobs: IdracJob[];
  /** Account by token. */
  readonly sessions: Map<string, { readonly id: string; readonly user: string }>;
  readonly faults: IdracFaults;
  powerState: PowerState;
  /** Numbers given out so far, for jobs and sessions. */
  issued: number;
  /** What its power sensor shows; undefined where there is no machine to measure. */
  readWatts: () => number | undefined;
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
    nics: [],
    jobs: [],
    sessions: new Map(),
    faults: { ...NO_IDRAC_FAULTS },
    powerState: "On",
    issued: 0,
    readWatts: () => undefined,
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

export const BIOS_TARGET = "BIOS.Setup.1-1";

/** Seals what is pending for the target: it can't be changed until the job ran or was deleted. */
export function addJob(idrac: Idrac, target: string): IdracJob {
  const job: IdracJob = {
    id: issueJobId(idrac),
    name: `${target === BIOS_TARGET ? "ConfigBIOS" : "ConfigNIC"}:${target}`,
    target,
    state: "Scheduled",
    message: "Task successfully scheduled.",
  };
  idrac.jobs.push(job);
  if (idrac.jobs.length > JOBS_MAX) idrac.jobs.shift();
  return job;
}

/** One target has one job at a time; several targets' jobs run in one boot. */
export const scheduledJob = (idrac: Idrac, target: string): IdracJob | undefined =>
  idrac.jobs.find((job) => job.state === "Scheduled" && job.target === target);

/**
 * What the BMC does while the machine starts: the scheduled jobs run, and their settings are in force from
 * then on.
 */
export function bootIdrac(idrac: Idrac): void {
  idrac.powerState = "On";
  const scheduled = idrac.jobs.filter(({ state }) => state === "Scheduled");
  for (const job of scheduled) runJob(idrac, job);
}

function runJob(idrac: Idrac, job: IdracJob): void {
  const { faults } = idrac;
  if (faults.failsJobs) {
    job.state = "Failed";
    job.message = "Unable to complete the job because of an internal error.";
  } else {
    applyPending(idrac, job.target);
    job.state = faults.slowJobRequests > 0 ? "Running" : "Completed";
    job.message = job.state === "Running" ? "Job in progress." : "Job completed successfully.";
  }
  forgetPending(idrac, job.target);
  if (faults.renamesJobsAtBoot) job.id = issueJobId(idrac);
  if (faults.forgetsEndedJobs) idrac.jobs.splice(idrac.jobs.indexOf(job), 1);
}

const nicOf = (idrac: Idrac, target: string): IdracNic | undefined =>
  idrac.nics.find(({ id }) => id === target);

function applyPending(idrac: Idrac, target: string): void {
  const nic = nicOf(idrac, target);
  if (nic !== undefined) nic.mode = nic.pendingMode ?? nic.mode;
  else for (const [name, value] of idrac.pending) idrac.attributes.set(name, value);
}

function forgetPending(idrac: Idrac, target: string): void {
  const nic = nicOf(idrac, target);
  if (nic === undefined) idrac.pending.clear();
  else nic.pendingMode = undefined;
}

/** A job that takes its time comes closer to its end with every look. */
export function lookAtJobs(idrac: Idrac): void {
  const running = idrac.jobs.filter(({ state }) => state === "Running");
  if (running.length === 0) return;
  idrac.faults.slowJobRequests -= 1;
  if (idrac.faults.slowJobRequests > 0) return;
  for (const job of running) {
    job.state = "Completed";
    job.message = "Job completed successfully.";
  }
}
