import { hostWatts } from "../machine/energy.ts";
import { type Ended, failed, type Invoked, printed } from "./program.ts";

const row = (label: string, value: string): string => `    ${label.padEnd(47)}${value}\n`;
const watts = (value: number): string => `${String(value).padStart(5)} Watts`;

/** What a host without an IPMI driver is told. @see ipmitool src/plugins/open/open.c */
const NO_DEVICE =
  "Could not open device at /dev/ipmi0 or /dev/ipmi/0 or /dev/ipmidev/0: No such file or directory";

/** ipmitool(1): `dcmi power reading`, in the form of 1.8.19. @see ipmitool lib/ipmi_dcmi.c */
export function ipmitool({ machine, args }: Invoked): Ended {
  if (machine.spec.virtualization !== "none") return failed(NO_DEVICE);
  if (args.join(" ") !== "dcmi power reading") return failed("Invalid command");
  const now = hostWatts(machine);
  const time = new Date(machine.clock.nowMs()).toISOString();
  const date = `${time.slice(5, 7)}/${time.slice(8, 10)}/${time.slice(0, 4)} ${time.slice(11, 19)} UTC`;
  return printed(
    "\n" +
      row("Instantaneous power reading:", watts(now)) +
      row("Minimum during sampling period:", watts(now)) +
      row("Maximum during sampling period:", watts(now)) +
      row("Average power reading over sample period:", watts(now)) +
      `    IPMI timestamp:${" ".repeat(27)}${date}    Sampling period:${" ".repeat(26)}00000001 Seconds.\n` +
      row("Power reading state is:", "activated") +
      "\n\n",
  );
}
