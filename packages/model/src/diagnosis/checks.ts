import type { CheckEntry } from "./check-entry.ts";
import { CARD_CHECKS } from "./checks/card.ts";
import { AGENT_CHECKS, CONTROLLER_CHECKS } from "./checks/control.ts";
import { ESWITCH_CHECKS } from "./checks/eswitch.ts";
import { HOST_CHECKS } from "./checks/host.ts";
import { OVS_CHECKS } from "./checks/ovs.ts";
import { VM_CHECKS } from "./checks/vm.ts";

/** Checks of one host. Ids are stable: programs and people refer to them. */
export const CHECKS_OF_HOST = {
  ...AGENT_CHECKS,
  ...HOST_CHECKS,
  ...CARD_CHECKS,
  ...ESWITCH_CHECKS,
  ...OVS_CHECKS,
  ...VM_CHECKS,
} as const satisfies Record<string, CheckEntry>;

/** Checks of the control plane. */
export const CHECKS_OF_CONTROLLER = CONTROLLER_CHECKS;

/** Every check, once. */
export const CHECKS = { ...CHECKS_OF_HOST, ...CHECKS_OF_CONTROLLER } as const;

export type HostCheckId = keyof typeof CHECKS_OF_HOST;
export type ControllerCheckId = keyof typeof CHECKS_OF_CONTROLLER;
export type CheckId = keyof typeof CHECKS;

export const isCheckId = (text: string): text is CheckId => Object.hasOwn(CHECKS, text);

/** Widened, so that optional members can be read of any. */
export const checkEntry = (id: CheckId): CheckEntry => CHECKS[id];
