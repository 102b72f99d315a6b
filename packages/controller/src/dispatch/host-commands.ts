import type { CommandAnswer, ControllerBus, OpenedSession, SignedVerb } from "@switchyard/bus";
import type {
  ConsoleRequest,
  ExecRequest,
  FreezeRequest,
  HostId,
  JobId,
  ThawRequest,
  VmLogRequest,
} from "@switchyard/model";

export interface JobAddress {
  readonly host: HostId;
  readonly id: JobId;
  readonly epoch: number;
}

/** A host with the enrolment that what is signed is for. */
export interface HostAddress {
  readonly host: HostId;
  readonly hostEpoch: number;
}

/**
 * Live calls to an agent. Each waits at most 2 s for the answer, those about VMs and `snapshots` 10 s, `diagnose`
 * 20 s, `load` 15 s, `freeze` and `thaw` 40 s.
 *
 * @throws DispatchError HOST_UNREACHABLE when the agent does not answer
 */
export interface HostCommands {
  /** The agent stops the job at the next step boundary and ends it as cancelled. */
  cancel(job: JobAddress): Promise<CommandAnswer>;
  /** The agent publishes all events of the job again, from the first. */
  jobAgain(job: JobAddress): Promise<CommandAnswer>;
  /** The agent answers with the snapshots that it keeps of the job. */
  snapshots(job: JobAddress): Promise<CommandAnswer>;
  /** The agent publishes its inventory now. */
  inspect(host: HostId): Promise<CommandAnswer>;
  ping(host: HostId): Promise<CommandAnswer>;
  /** The agent looks at its host, publishes its inventory and answers with an examination. */
  diagnose(host: HostId): Promise<CommandAnswer>;
  /** The agent answers with what its host spends now. */
  load(host: HostId): Promise<CommandAnswer>;
  /** A session with a VM's serial console; whether it is open says the answer. */
  openConsole(host: HostAddress, request: ConsoleRequest): Promise<OpenedSession>;
  /** A session that ends with what came of a program in a guest. */
  openExec(host: HostAddress, request: ExecRequest): Promise<OpenedSession>;
  /** A piece of a VM's serial log. */
  vmLog(host: HostAddress, request: VmLogRequest): Promise<CommandAnswer>;
  /** Answered once the guest is frozen, or refused. */
  freeze(host: HostAddress, request: FreezeRequest): Promise<CommandAnswer>;
  thaw(host: HostAddress, request: ThawRequest): Promise<CommandAnswer>;
}

const ANSWER_TIMEOUT_MS = 2_000;
/** A look runs a hundred programs: a second on a server, many on an emulated host. */
const DIAGNOSE_TIMEOUT_MS = 20_000;
/** A BMC takes a tenth of a second in-band, and seconds by Redfish. */
const LOAD_TIMEOUT_MS = 15_000;
/** A thousand small files at most. */
const SNAPSHOTS_TIMEOUT_MS = 10_000;
/** An emulated host takes a second to run each of three programs. */
const VM_TIMEOUT_MS = 10_000;
/** A busy guest flushes for half a minute; a thaw is tried as long. */
const FREEZE_TIMEOUT_MS = 40_000;

export function createHostCommands(
  bus: Pick<ControllerBus, "command" | "request" | "openSession">,
): HostCommands {
  const aboutJob =
    (verb: "cancel" | "job-again" | "snapshots", timeoutMs = ANSWER_TIMEOUT_MS) =>
    ({ host, id, epoch }: JobAddress) =>
      bus.command({ host, verb, job: id, epoch, timeoutMs });
  const aboutHost =
    (verb: "inspect" | "ping" | "diagnose" | "load", timeoutMs = ANSWER_TIMEOUT_MS) =>
    (host: HostId) =>
      bus.command({ host, verb, job: undefined, epoch: undefined, timeoutMs });
  const aboutVm = (
    verb: SignedVerb,
    address: HostAddress,
    params: object,
    timeoutMs = VM_TIMEOUT_MS,
  ) => ({ ...address, ...{ verb, params, timeoutMs } });
  return {
    openConsole: (address, params) => bus.openSession(aboutVm("console", address, params)),
    openExec: (address, params) => bus.openSession(aboutVm("exec", address, params)),
    vmLog: (address, params) => bus.request(aboutVm("vm-log", address, params)),
    freeze: (address, params) => bus.request(aboutVm("freeze", address, params, FREEZE_TIMEOUT_MS)),
    thaw: (address, params) => bus.request(aboutVm("thaw", address, params, FREEZE_TIMEOUT_MS)),
    cancel: aboutJob("cancel"),
    jobAgain: aboutJob("job-again"),
    snapshots: aboutJob("snapshots", SNAPSHOTS_TIMEOUT_MS),
    inspect: aboutHost("inspect"),
    ping: aboutHost("ping"),
    diagnose: aboutHost("diagnose", DIAGNOSE_TIMEOUT_MS),
    load: aboutHost("load", LOAD_TIMEOUT_MS),
  };
}
