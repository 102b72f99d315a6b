import type { ResetType } from "../bmc/idrac.ts";
import { powerCycle } from "../machine/boot.ts";
import { logKernel, type Machine } from "../machine/machine.ts";

export interface PowerOptions {
  readonly machine: Machine;
  /** The machine goes down; it is still in its old boot. */
  readonly onDown: (reason: string) => void;
  /** The machine has booted again. */
  readonly onUp: (bootId: string) => void;
}

/** The machine's power: boots that its system asks for, and what the BMC does. */
export interface Power {
  readonly isOff: boolean;
  /** Boots the machine anew. */
  reboot(reason: string): void;
  reset(type: ResetType): void;
}

export function createPower({ machine, onDown, onUp }: PowerOptions): Power {
  let isOff = false;

  const shutDown = (reason: string): void => {
    logKernel(machine, `reboot: Restarting system: ${reason}`);
    onDown(reason);
    isOff = true;
  };
  const powerOn = (kind: "warm" | "cold"): void => {
    powerCycle(machine, kind);
    isOff = false;
    onUp(machine.boot.id);
  };
  const comeUp = (kind: "warm" | "cold"): void => {
    const { rebootMs } = machine.spec;
    if (rebootMs > 0) void machine.clock.sleep(rebootMs).then(() => powerOn(kind));
    else powerOn(kind);
  };
  const reboot = (reason: string): void => {
    shutDown(reason);
    comeUp("warm");
  };
  const reset = (type: ResetType): void => {
    const { bmc } = machine;
    switch (type) {
      case "ForceRestart":
      case "GracefulRestart":
        reboot(`BMC: ${type}`);
        return;
      case "PowerCycle":
        shutDown(`BMC: ${type}`);
        comeUp("cold");
        return;
      case "ForceOff":
      case "GracefulShutdown":
        shutDown(`BMC: ${type}`);
        bmc.powerState = "Off";
        return;
      case "On":
        if (bmc.powerState === "Off") comeUp("cold");
        return;
      case "PushPowerButton":
        reset(bmc.powerState === "On" ? "GracefulShutdown" : "On");
        return;
      case "Nmi":
        return;
    }
  };
  return {
    get isOff() {
      return isOff;
    },
    reboot,
    reset,
  };
}
