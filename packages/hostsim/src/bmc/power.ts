import { bootIdrac, type Idrac, type ResetType } from "./idrac.ts";

/** What a reset does to a machine that has nothing but its BMC. */
export function resetAlone(idrac: Idrac, type: ResetType): void {
  switch (type) {
    case "ForceOff":
    case "GracefulShutdown":
      idrac.powerState = "Off";
      return;
    case "Nmi":
      return;
    case "On":
      if (idrac.powerState === "Off") bootIdrac(idrac);
      return;
    case "PushPowerButton":
      if (idrac.powerState === "On") idrac.powerState = "Off";
      else bootIdrac(idrac);
      return;
    case "ForceRestart":
    case "GracefulRestart":
    case "PowerCycle":
      bootIdrac(idrac);
  }
}
