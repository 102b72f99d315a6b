import {
  CARD_CELSIUS,
  CARD_CRITICAL_CELSIUS,
  dramJoules,
  PACKAGE_CRITICAL_CELSIUS,
  packageCelsius,
  packageJoules,
} from "../machine/energy.ts";
import type { Machine } from "../machine/machine.ts";
import { attribute, folder, link, type Node } from "./node.ts";
import { devicePath } from "./sys-pci.ts";

type Entries = Record<string, () => Node>;

/** Where the counters of RAPL begin anew, in µJ. Source: reference, section RAPL */
const PACKAGE_RANGE_UJ = 262_143_328_850;
const DRAM_RANGE_UJ = 65_712_999_613;
const MILLI = 1000;

const isInVm = ({ spec }: Machine): boolean => spec.virtualization !== "none";

function zone(name: string, joules: () => number, rangeUj: number): () => Node {
  return () =>
    folder(() => ({
      name: attribute(() => name),
      energy_uj: attribute(() => Math.floor(joules() * 1e6) % rangeUj),
      max_energy_range_uj: attribute(() => rangeUj),
    }));
}

/** `/sys/class/powercap`: a package and its memory for each socket; a VM has none. */
export const classPowercap = (machine: Machine): Node =>
  folder(() => {
    const zones: Entries = {};
    for (
      let socket = 0;
      socket < (isInVm(machine) ? 0 : machine.spec.cpu.socketCount);
      socket += 1
    ) {
      const name = `intel-rapl:${socket}`;
      zones[name] = zone(`package-${socket}`, () => packageJoules(machine), PACKAGE_RANGE_UJ);
      zones[`${name}:0`] = zone("dram", () => dramJoules(machine), DRAM_RANGE_UJ);
    }
    return zones;
  });

interface Chip {
  readonly name: string;
  readonly device: string;
  readonly label: string;
  readonly celsius: () => number;
  readonly critical: number;
}

/** Kernels from 6.6 have a driver for the card's sensor, and so has the vendor's. */
function hasCardSensor({ boot }: Machine): boolean {
  const [major = 0, minor = 0] = boot.kernel.release.split(".").map(Number);
  return boot.driverVersion !== undefined || major > 6 || (major === 6 && minor >= 6);
}

function chips(machine: Machine): readonly Chip[] {
  const { boot, spec } = machine;
  const cards = hasCardSensor(machine) && boot.modules.has("mlx5_core") ? boot.pfs : [];
  const sockets = isInVm(machine) ? 0 : spec.cpu.socketCount;
  return [
    ...cards.map(({ pciAddress }) => ({
      ...{ name: "mlx5", device: devicePath(pciAddress), label: "asic" },
      ...{ celsius: () => CARD_CELSIUS, critical: CARD_CRITICAL_CELSIUS },
    })),
    ...Array.from({ length: sockets }, (_, socket) => ({
      name: "coretemp",
      device: `/sys/devices/platform/coretemp.${socket}`,
      label: `Package id ${socket}`,
      celsius: () => packageCelsius(machine),
      critical: PACKAGE_CRITICAL_CELSIUS,
    })),
  ];
}

/** `/sys/class/hwmon`. @see torvalds/linux Documentation/hwmon/sysfs-interface.rst */
export const classHwmon = (machine: Machine): Node =>
  folder(() =>
    Object.fromEntries(
      chips(machine).map(({ name, device, label, celsius, critical }, at) => [
        `hwmon${at}`,
        () =>
          folder(() => ({
            name: attribute(() => name),
            device: link(device),
            temp1_label: attribute(() => label),
            temp1_input: attribute(() => Math.round(celsius() * MILLI)),
            temp1_crit: attribute(() => critical * MILLI),
          })),
      ]),
    ),
  );
