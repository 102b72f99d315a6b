import { compareFirmware, type FirmwareVersion, type PciAddress } from "@switchyard/model";
import { type Act, note } from "./act.ts";
import { activateConfig, type FirmwareConfig } from "./firmware-config.ts";
import { logKernel, type Machine } from "./machine.ts";
import { endProcess, startProcess } from "./process.ts";
import { MachineGone } from "./refusal.ts";

/** The card's flash: one for both of its ports, and a configuration for each. */
export interface CardFirmware {
  running: FirmwareVersion;
  stored: FirmwareVersion;
  /** The board keeps its standby power over a warm reboot, and its old firmware with it. */
  waitsForColdCycle: boolean;
  /** Some program holds the flash and does not let go. */
  isHeld: boolean;
  readonly config: ReadonlyMap<PciAddress, FirmwareConfig>;
}

/** What is written into the flash. */
export interface BurnedImage {
  readonly psid: string;
  readonly version: FirmwareVersion;
  /** Oldest firmware that can take it. */
  readonly requires: FirmwareVersion | undefined;
}

/** Why a card does not take an image. */
export type BurnRefusal = "semaphore" | "psid" | "secure" | "parameter";

/** Programs that write to the flash; while one runs no other gets the semaphore. */
const BURNER = "flash-burner";

const isBurning = (machine: Machine): boolean =>
  [...machine.boot.processes.values()].some(({ name }) => name === BURNER);

export const isFlashHeld = (machine: Machine): boolean =>
  machine.firmware.isHeld || isBurning(machine);

function refusalOf(machine: Machine, image: BurnedImage): BurnRefusal | undefined {
  const { card } = machine.spec;
  if (isFlashHeld(machine)) return "semaphore";
  if (image.psid !== card.psid) return card.isSecured ? "secure" : "psid";
  const { requires } = image;
  const isTooOld =
    requires !== undefined && compareFirmware(machine.firmware.running, requires) < 0;
  return isTooOld ? "parameter" : undefined;
}

/**
 * Burns an image, which takes its time and is seen among the processes. A machine that goes off meanwhile keeps
 * its old image, because the new one counts once it is whole.
 *
 * @param argv as the process list shows it
 */
export async function burn(
  act: Act,
  image: BurnedImage,
  argv: readonly string[],
): Promise<BurnRefusal | undefined> {
  const { machine } = act;
  const refusal = refusalOf(machine, image);
  if (refusal !== undefined) return refusal;
  const { boot } = machine;
  const { pid } = startProcess(machine, { name: BURNER, argv, qemu: undefined });
  if (machine.spec.firmwareBurnMs > 0) await machine.clock.sleep(machine.spec.firmwareBurnMs);
  if (machine.boot !== boot) throw new MachineGone();
  endProcess(machine, pid);
  const before = machine.firmware.stored;
  machine.firmware.stored = image.version;
  note(act, "flash", { before, after: image.version });
  return undefined;
}

/** What a reset of the card does without a boot. */
export function resetFirmware(act: Act): void {
  const { machine } = act;
  const before = machine.firmware.running;
  activateConfig(machine);
  machine.firmware.running = machine.firmware.stored;
  for (const { pciAddress } of machine.boot.pfs) {
    logKernel(machine, `mlx5_core ${pciAddress}: firmware version: ${machine.firmware.running}`);
  }
  note(act, "card reset", { before, after: machine.firmware.running });
}

/** What a boot does to the card: a warm one may leave stored firmware waiting. */
export function activateFirmware(machine: Machine, kind: "warm" | "cold"): void {
  activateConfig(machine);
  const { firmware } = machine;
  if (kind === "cold" || !firmware.waitsForColdCycle) firmware.running = firmware.stored;
}
