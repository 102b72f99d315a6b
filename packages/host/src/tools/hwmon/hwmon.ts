import type { Host } from "../../port/host.ts";
import { listOptional, readLinkName, readOptional } from "../tool.ts";

/** One sensor of temperature. */
export interface TemperatureSensor {
  /** Of the driver: `mlx5`, `coretemp`. */
  readonly chip: string;
  /** Name of the device it sits on: a PCI address, `coretemp.0`; undefined for one without a device. */
  readonly device: string | undefined;
  /** As firmware names it, else `tempN`. */
  readonly label: string;
  readonly celsius: number;
  /** Where the part protects itself; undefined where it does not say. */
  readonly criticalCelsius: number | undefined;
}

const HWMON = "/sys/class/hwmon";
/** Chips and sensors of one looked at; more is no host of ours. */
const CHIPS_MAX = 256;
const SENSORS_MAX = 256;

/** Thousandths of a degree. A sensor that is asleep answers an error, or nothing that is a number. */
const degrees = (text: string | undefined): number | undefined =>
  text !== undefined && /^-?\d+$/.test(text) ? Number(text) / 1000 : undefined;

/**
 * Sensors of the chips that `wants` takes, by the name of their driver; none where the kernel has none.
 *
 * @see torvalds/linux Documentation/hwmon/sysfs-interface.rst; mlx5/core/hwmon.c (kernels from 6.6)
 */
export async function listTemperatures(
  host: Host,
  wants: (chip: string) => boolean,
): Promise<readonly TemperatureSensor[]> {
  const sensors: TemperatureSensor[] = [];
  for (const entry of (await listOptional(host, HWMON)).slice(0, CHIPS_MAX)) {
    const folder = `${HWMON}/${entry}`;
    const chip = await readOptional(host, `${folder}/name`);
    if (chip === undefined || !wants(chip)) continue;
    const device = await readLinkName(host, `${folder}/device`);
    const inputs = (await listOptional(host, folder)).filter((name) =>
      /^temp\d+_input$/.test(name),
    );
    for (const input of inputs.slice(0, SENSORS_MAX)) {
      const name = input.slice(0, -"_input".length);
      const celsius = degrees(await readOptional(host, `${folder}/${input}`));
      if (celsius === undefined) continue;
      sensors.push({
        ...{ chip, device, celsius },
        label: (await readOptional(host, `${folder}/${name}_label`)) || name,
        criticalCelsius: degrees(await readOptional(host, `${folder}/${name}_crit`)),
      });
    }
  }
  return sensors;
}
