import type { Report } from "@switchyard/dev/main-job";
import type { Stack } from "@switchyard/dev/stack";
import { Rollout, type RolloutHost, RolloutState, type Vm } from "@switchyard/proto";
import { waitFor } from "@switchyard/testkit";
import type { LabContext } from "../context.ts";
import { addressOf, runInGuest } from "./guest.ts";
import { changeSpec, PROFILE } from "./profile.ts";

/** Two hosts, each examined twice and changed, under emulation. */
const ENDED_MS = 1_200_000;
const LOOK_AGAIN_MS = 1_000;

const PING_LOG = "/tmp/ping.log";
const PING_INTERVAL_SECONDS = 1;
/** Longer than a rollout may take; it is ended before. */
const PINGS_MAX = 3_600;

const ENDS: readonly RolloutState[] = [
  RolloutState.SUCCEEDED,
  RolloutState.ROLLED_BACK,
  RolloutState.ABORTED,
  RolloutState.FAILED,
];

/**
 * Hardware offload is switched off and on again on all hosts by rollouts, a canary first, while one VM pings
 * another: what is lost is counted. A lab host's card offloads nothing, so that the way back halts at its canary.
 */
export async function verifyOffloadRollouts(
  context: LabContext,
  { from, to }: { readonly from: Vm; readonly to: Vm },
): Promise<void> {
  const { report, stack } = context;
  report.part(`Rollouts switch hw-offload off and on again while ${from.name} pings ${to.name}`);
  const stop = await startPing(stack, from, to);
  const off = await runRollout(stack, "offload-off", false);
  showHosts(report, off.hosts);
  report.verify(
    off.rollout.state === RolloutState.SUCCEEDED,
    `hw-offload=false on all hosts, in ${off.seconds} s`,
  );
  const on = await runRollout(stack, "offload-on", true);
  showHosts(report, on.hosts);
  const { state, halt, stateReason, counts } = on.rollout;
  report.verify(
    state === RolloutState.ROLLED_BACK && halt !== undefined,
    `hw-offload=true halts by itself and goes back, in ${on.seconds} s: ${stateReason}`,
  );
  report.verify(
    halt?.blastRadius === 0 && counts?.rolledBack === 1 && counts.waiting === 1,
    `at its canary: ${counts?.rolledBack} host was begun and is back, ${counts?.waiting} was not, ${halt?.blastRadius} after the first bad signal`,
  );
  const { transmitted, received } = await stop();
  const lost = transmitted - received;
  report.verify(
    received > 0,
    `of ${transmitted} pings, one each ${PING_INTERVAL_SECONDS} s, ${lost} were lost while Open vSwitch was restarted (software emulation)`,
  );
  await changeSpec(context, (spec) => ({
    ...spec,
    datapath: spec.datapath && { ...spec.datapath, hwOffload: true },
  }));
}

interface Outcome {
  readonly rollout: Rollout;
  readonly hosts: readonly RolloutHost[];
  readonly seconds: string;
}

async function runRollout({ client }: Stack, id: string, hwOffload: boolean): Promise<Outcome> {
  const begun = performance.now();
  const { name } = await client.rollouts.createRollout({
    rolloutId: id,
    rollout: Rollout.fromPartial({
      spec: {
        profile: `profiles/${PROFILE}`,
        change: { hwOffload },
        strategy: { soak: { seconds: 0n, nanos: 0 }, autoRollBack: true },
      },
    }),
  });
  let seen = "nothing";
  const rollout = await waitFor(
    async () => {
      const now = await client.rollouts.getRollout({ name });
      seen = `${now.state} ${now.stateReason}`;
      const stays = now.state === RolloutState.HALTED && !now.canRollBack;
      return stays || ENDS.includes(now.state) ? now : undefined;
    },
    { deadlineMs: ENDED_MS, pollMs: LOOK_AGAIN_MS, describe: () => `${name} is ${seen}` },
  );
  const { hosts } = await client.rollouts.listRolloutHosts({ rollout: name });
  return { rollout, hosts, seconds: ((performance.now() - begun) / 1000).toFixed(0) };
}

const showHosts = (report: Report, hosts: readonly RolloutHost[]): void => {
  for (const { host, wave, proof, failure } of hosts) {
    const found = [failure?.message, proof].filter(Boolean).join(": ").replaceAll("\n", "; ");
    report.say(`${host}  wave ${wave}  ${found}`);
  }
};

/**
 * Pings until it is told to stop.
 *
 * @returns what ends it, with the counts that ping itself prints
 */
async function startPing(
  stack: Stack,
  from: Vm,
  to: Vm,
): Promise<() => Promise<{ readonly transmitted: number; readonly received: number }>> {
  const ping = `ping -i ${PING_INTERVAL_SECONDS} -c ${PINGS_MAX} ${addressOf(to)}`;
  const script = `${ping} >${PING_LOG} 2>&1 & echo $!`;
  const { stdout } = await runInGuest(stack, from.name, ["sh", "-c", script]);
  const pid = stdout.trim();
  return async () => {
    await runInGuest(stack, from.name, ["sh", "-c", `kill -INT ${pid}`]);
    const log = await runInGuest(stack, from.name, ["cat", PING_LOG]);
    const [, transmitted, received] =
      /(\d+) packets transmitted, (\d+) (?:packets )?received/.exec(log.stdout) ?? [];
    return { transmitted: Number(transmitted ?? 0), received: Number(received ?? 0) };
  };
}
