import { RolloutHostState } from "@switchyard/proto";
import { type DemoContext, PROFILE } from "./context.ts";

const NAME = "offload-off";

/** Hardware offload is taken away from the fleet and given back, a canary first. */
export async function showFleetToggle({ stack, report, swy }: DemoContext): Promise<void> {
  report.part("Hardware offload is switched off and on again over the fleet, a canary first");
  const start = (name: string, hwOffload: boolean) =>
    swy.run(
      ...["rollout", "start", name, "--profile", PROFILE, "--set", `hw-offload=${hwOffload}`],
      ...["--max-unavailable", "2", "--soak", "0", "--failure-budget", "1"],
    );
  report.verify((await start(NAME, false)) === 0, "switched off");
  const { hosts } = await stack.client.rollouts.listRolloutHosts({ rollout: `rollouts/${NAME}` });
  const canary = hosts.filter(({ wave }) => wave === 1);
  const classes = new Set(hosts.map(({ hardwareClass }) => hardwareClass));
  report.verify(
    new Set(canary.map(({ hardwareClass }) => hardwareClass)).size === classes.size,
    `the canary had one host of each of ${classes.size} classes of hardware`,
  );
  const failed = hosts.filter(({ state }) => state === RolloutHostState.FAILED);
  report.verify(
    failed.length === 1 && failed[0]?.failure?.reason === "ESWITCH_FIRMWARE_TOO_OLD",
    `${failed.map(({ host }) => host).join()} was not touched: its firmware is too old`,
  );
  report.verify((await start("offload-on", true)) === 0, "switched on");
  await swy.run("rollout", "get", "offload-on");
}
