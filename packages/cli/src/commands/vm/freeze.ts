import { FreezeVmResponse, type SwitchyardClient } from "@switchyard/client";
import type { Context } from "../../context.ts";
import { EXIT_CODES, type ExitCode, type ProgramStatus } from "../../exit-codes.ts";
import { parseDuration, toDuration } from "../../input/duration.ts";
import { resourceName } from "../../input/names.ts";
import { formatDocument } from "../../output/print.ts";
import { count, formatTime, shortName } from "../../output/values.ts";
import { UsageError } from "../../usage-error.ts";
import { defineVerb } from "../../verb.ts";

/** A busy guest flushes for half a minute, and is thawed within as long. */
const CALL_TIMEOUT_MS = 60_000;

interface Options {
  readonly for?: string;
}

interface Frozen {
  readonly name: string;
  readonly freeze: FreezeVmResponse;
}

/** Not bound to the interrupt: an interrupted copy must not leave the guest frozen. */
async function thaw({ vms }: SwitchyardClient, { name, freeze }: Frozen): Promise<number> {
  const { freezeId } = freeze;
  const thawed = await vms.thawVm({ name, freezeId }, { timeoutMs: CALL_TIMEOUT_MS });
  return thawed.fileSystemCount;
}

async function runProgram(
  { io }: Context,
  argv: readonly [program: string, ...args: string[]],
): Promise<ProgramStatus> {
  try {
    return (await io.runProgram(argv, io.signal)) as ProgramStatus;
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    throw new UsageError(`can't run ${argv[0]}: ${words}`);
  }
}

/** The program's status, but where the guest was frozen for less than all of its time. */
async function runFrozen(
  context: Context,
  frozen: Frozen,
  argv: readonly [program: string, ...args: string[]],
): Promise<ExitCode | ProgramStatus> {
  const client = await context.client();
  const { name, freeze } = frozen;
  const vm = shortName(name);
  let thawed: number | undefined;
  let status: ProgramStatus;
  try {
    status = await runProgram(context, argv);
  } finally {
    thawed = await thaw(client, frozen).catch((error: unknown) => {
      context.talk(`${vm} was not thawed; its host does so at ${formatTime(freeze.thawTime)} UTC`);
      throw error;
    });
  }
  if (context.io.signal.aborted) {
    context.talk(`interrupted; ${vm} is thawed`);
    return EXIT_CODES.interrupted.code;
  }
  if (thawed < freeze.fileSystemCount) {
    context.talk(
      `${vm} was thawed before ${argv[0]} ended (status ${status}): what it copied is not of one moment.\nGive it more time with --for, and see that no job of the VM comes between`,
    );
    return EXIT_CODES.failed.code;
  }
  context.talk(`${vm} is thawed`);
  return status;
}

export const verb = defineVerb<Options>({
  configure: (command) => {
    command
      .argument("<vm>")
      .argument("[command...]", "program to run here meanwhile, and its arguments, after --")
      .option("--for <duration>", "thaw it after this time at the latest, 1s to 10m; default 30s")
      .addHelpText(
        "after",
        "\nFlushes and freezes the guest's file systems through its guest agent, so that a backup or a storage\nsnapshot taken outside is whole. The guest writes nothing meanwhile. With a command it is thawed when that\nends, also on Ctrl-C, and the exit code is the command's; 1 where the guest was thawed before:\n  swy vm freeze web-1 --for 2m -- lvcreate -s -n web-1-backup vg0/web-1",
      );
  },
  run: async ({ context, args: [vm = "", program, ...rest], options }) => {
    const name = resourceName("vms", vm);
    const maxDuration =
      options.for === undefined ? undefined : toDuration(parseDuration(options.for));
    const { vms } = await context.client();
    const freeze = await vms.freezeVm(
      { name, maxDuration },
      { timeoutMs: CALL_TIMEOUT_MS, signal: context.io.signal },
    );
    const what = `${shortName(name)} is frozen: ${count(freeze.fileSystemCount, "file system")}, until ${formatTime(freeze.thawTime)} UTC at the latest`;
    if (program !== undefined) {
      context.talk(what);
      return runFrozen(context, { name, freeze }, [program, ...rest]);
    }
    const { output } = context.settings;
    if (output === "json" || output === "yaml") {
      context.out(await formatDocument(output, FreezeVmResponse.toJSON(freeze)));
    } else {
      context.out(`${what}\n`);
      context.talk(`end it: swy vm thaw ${shortName(name)} --freeze ${freeze.freezeId}`);
    }
    return undefined;
  },
});
