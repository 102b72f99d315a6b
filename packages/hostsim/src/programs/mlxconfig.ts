import { isFlashHeld } from "../machine/firmware.ts";
import {
  configOf,
  type FirmwareConfig,
  type Parameter,
  printParameter,
  readParameter,
  setNextBoot,
} from "../machine/firmware-config.ts";
import { optionValue } from "./firmware-options.ts";
import { type Ended, failed, type Invoked, printed } from "./program.ts";

/*
 * mlxconfig(1), which the free package calls mstconfig. Texts: Mellanox/mstflint mlxconfig/.
 */

const FAILED = 3;
const NAME_WIDTH = 49;
const VALUE_WIDTH = 20;

function head(device: string): string {
  return [
    "\nDevice #1:\n----------\n\n",
    `Device type:        ${"ConnectX6DX".padEnd(VALUE_WIDTH)}\n`,
    `Name:               ${"0F6FXM_08P2T2".padEnd(VALUE_WIDTH)}\n`,
    "Description:        Mellanox ConnectX-6 Dx Dual Port 100 GbE QSFP56 Adapter\n",
    `Device:             ${device.padEnd(VALUE_WIDTH)}\n\n`,
  ].join("");
}

function mark({ spec, current, nextBoot }: Parameter): string {
  if (spec.isReadOnly) return "RO";
  return nextBoot !== current || nextBoot !== spec.default ? "*" : "";
}

function row(parameter: Parameter, isExtended: boolean): string {
  const { spec, current, nextBoot } = parameter;
  const values = isExtended ? [spec.default, current, nextBoot] : [nextBoot];
  const shown = values.map((value) => printParameter(spec, value).padEnd(VALUE_WIDTH)).join("");
  return `${mark(parameter).padEnd(8)}${spec.name.padEnd(NAME_WIDTH)}${shown.trimEnd()}\n`;
}

function query(device: string, parameters: readonly Parameter[], isExtended: boolean): Ended {
  const titles = isExtended ? ["Default", "Current", "Next Boot"] : ["Next Boot"];
  const columns = titles.map((title) => title.padEnd(VALUE_WIDTH)).join("");
  const rows = parameters.map((parameter) => row(parameter, isExtended)).join("");
  const hint = "The '*' shows parameters with next value different from default/current value.\n";
  return printed(
    `${head(device)}${"Configurations:".padEnd(NAME_WIDTH + 8)}${columns.trimEnd()}\n${rows}${isExtended ? hint : ""}`,
  );
}

const unsupported = (name: string): Ended =>
  failed(`-E- The Device doesn't support ${name} parameter`, FAILED);

function set(invoked: Invoked, config: FirmwareConfig, device: string): Ended {
  const words = invoked.args.slice(invoked.args.indexOf("set") + 1);
  const changes: { parameter: Parameter; to: number }[] = [];
  for (const word of words) {
    const [name = "", text = ""] = word.split("=", 2);
    const parameter = config.get(name);
    if (parameter === undefined) return unsupported(name);
    if (parameter.spec.isReadOnly) {
      return failed(`-E- Failed to set ${name}: parameter is read only`, FAILED);
    }
    const to = readParameter(parameter.spec, text);
    if (to === undefined) {
      return failed(`-E- Failed to parse value ${text} of parameter ${name}`, FAILED);
    }
    changes.push({ parameter, to });
  }
  if (!invoked.args.includes("-y")) {
    return failed(" Apply new Configuration? (y/n) [n] : -E- Aborted by user", FAILED);
  }
  for (const change of changes) setNextBoot(invoked.act, device, change);
  return printed(
    `${head(device)} Apply new Configuration? (y/n) [n] : y\nApplying... Done!\n-I- Please reboot machine to load new configurations.\n`,
  );
}

/** `mlxconfig -v`, `-d DEV [-e] q [NAME…]`, `-d DEV -y set NAME=VALUE…`. */
export function mlxconfig(invoked: Invoked): Ended {
  const { machine, args } = invoked;
  if (args.includes("-v")) return printed("mlxconfig, mft 4.28.0-92, built on Apr 25 2024\n");
  const device = optionValue(args, "-d") ?? "";
  const config = configOf(machine, device);
  if (config === undefined) {
    return failed(`-E- Failed to open device: ${device}. No such device`, FAILED);
  }
  if (isFlashHeld(machine)) {
    return failed(`-E- Failed to open device: ${device}. Can not lock semaphore`, FAILED);
  }
  if (args.includes("set")) return set(invoked, config, device);
  const at = args.findIndex((arg) => arg === "q" || arg === "query");
  const names = at === -1 ? [] : args.slice(at + 1);
  const missing = names.find((name) => !config.has(name));
  if (missing !== undefined) return unsupported(missing);
  const chosen = [...config.values()].filter(
    ({ spec }) => names.length === 0 || names.includes(spec.name),
  );
  return query(device, chosen, args.includes("-e"));
}
