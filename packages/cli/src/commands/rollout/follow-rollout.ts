import { type Rollout, RolloutState, watch } from "@switchyard/client";
import type { Context } from "../../context.ts";
import { EXIT_CODES, type ExitCode } from "../../exit-codes.ts";
import { printOne } from "../../output/print.ts";
import { shortName } from "../../output/values.ts";
import { rolloutLine, rolloutView } from "../../views/rollout.ts";

const ENDED: readonly RolloutState[] = [
  RolloutState.SUCCEEDED,
  RolloutState.ROLLED_BACK,
  RolloutState.ABORTED,
  RolloutState.FAILED,
];

/** A halted rollout waits for a person, who is told. */
const isAtRest = ({ state }: Rollout): boolean =>
  ENDED.includes(state) || state === RolloutState.HALTED || state === RolloutState.PAUSED;

/**
 * Tells of a rollout as it goes, until it has ended or waits for a person. Ctrl-C only detaches.
 *
 * @returns the exit code: 0 only where it succeeded
 */
export async function followRollout(context: Context, name: string): Promise<ExitCode> {
  const { rollouts } = await context.client();
  const signal = context.io.signal;
  let told = "";
  for await (const item of watch(rollouts.watchRollouts, { resumeToken: "" }, { signal })) {
    const rollout = item.kind === "change" ? item.value.rollout : undefined;
    if (rollout?.name !== name) continue;
    const line = rolloutLine(rollout, context.talkStyle);
    if (line !== told) context.talk(line);
    told = line;
    if (!isAtRest(rollout)) continue;
    await printOne(context, rolloutView, rollout);
    return rollout.state === RolloutState.SUCCEEDED ? EXIT_CODES.ok.code : EXIT_CODES.failed.code;
  }
  context.talk(`detached; ${name} goes on`);
  context.talk(`  follow  swy rollout watch ${shortName(name)}`);
  context.talk(`  stop    swy rollout pause ${shortName(name)} --reason …`);
  return EXIT_CODES.interrupted.code;
}
