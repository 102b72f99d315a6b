import type { BiosAttributes } from "../bmc/bios.ts";
import type { BmcEndpoint } from "../bmc/endpoint.ts";
import type { BmcNicFunction } from "../bmc/nic-function.ts";

export type PowerState = "on" | "off" | "powering-on" | "powering-off";

/** A job in the BMC's queue that waits for a boot or runs. */
export interface BmcJob {
  /** `JID_0123456789`. */
  readonly id: string;
  /** `ConfigBIOS:BIOS.Setup.1-1`. */
  readonly name: string;
  /** As the BMC calls it: `Scheduled`, `Running`, `Completed` … */
  readonly state: string;
  readonly message: string;
}

/** What the BMC said when it was last asked. */
export interface BmcFacts {
  /** `PowerEdge R740`. */
  readonly model: string;
  readonly biosVersion: string;
  /** Undefined for a state the BMC has no usual word for. */
  readonly powerState: PowerState | undefined;
  /** Path of the system's resource: `/redfish/v1/Systems/System.Embedded.1`. */
  readonly systemPath: string;
  /** In force since the last boot. */
  readonly biosAttributes: BiosAttributes;
  /** Asked for and not in force yet; a job of the queue brings them with a boot. */
  readonly pendingAttributes: BiosAttributes;
  /** Jobs that have not ended. */
  readonly jobs: readonly BmcJob[];
  /** The NICs' functions that have a virtualization mode; undefined where nobody could tell. */
  readonly nicFunctions?: readonly BmcNicFunction[];
}

/** The machine's BMC, as the host's agent reaches it. */
export interface Bmc extends BmcEndpoint {
  /** Undefined while it does not answer or does not let the agent in; a finding says why. */
  readonly facts: BmcFacts | undefined;
}
