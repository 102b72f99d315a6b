import type { Stack } from "../stack/stack.ts";
import type { DemoState } from "./scenario.ts";

/** Commands to paste into another terminal while the demo is up. */
export function nextCommands(
  { address, gatewayAddress }: Pick<Stack, "address" | "gatewayAddress">,
  { hosts, vms }: DemoState,
): string {
  const [vm, other] = vms;
  const target = other?.allocation?.address.split("/")[0] ?? "";
  return [
    `export SWY_ADDR=${address}`,
    "./swy host list",
    `./swy host get ${hosts[0]?.split("/")[1]}`,
    "./swy image show rocky9",
    "./swy vm list",
    `./swy vm console ${vm?.name.split("/")[1]}`,
    `./swy vm ping ${vm?.name.split("/")[1]} --target ${target}`,
    `./swy plan create --host ${hosts[0]?.split("/")[1]}`,
    `./swy host evacuate ${hosts[0]?.split("/")[1]} --dry-run`,
    "./swy rollout list",
    "./swy bench compare first-look",
    "./swy job list",
    "./swy event list",
    `curl -s http://${gatewayAddress}/metrics`,
  ].join("\n");
}
