import { ExecInVmResponse } from "@switchyard/client";
import { EXIT_CODES } from "../../exit-codes.ts";
import { toDuration } from "../../input/duration.ts";
import { resourceName } from "../../input/names.ts";
import { formatDocument } from "../../output/print.ts";
import { shortName } from "../../output/values.ts";
import { defineVerb } from "../../verb.ts";

const TIMEOUT_MS = 30_000;
/** The call may take this much longer than the program. */
const MARGIN_MS = 15_000;

/** Exit code 1 for any other status of the program, which is told. */
export const verb = defineVerb({
  configure: (command) => {
    command
      .argument("<vm>")
      .argument("<command...>", "program and arguments, after --; there is no shell")
      .addHelpText(
        "after",
        "\nRuns through the guest agent, once; its arguments and exit status are in the audit. --timeout\nbounds the program, at most 10m:  swy vm exec web-1 --timeout 1m -- sh -c 'df -h | tail -1'",
      );
  },
  run: async ({ context, args: [vm = "", ...argv] }) => {
    const { vms } = await context.client();
    const { output } = context.settings;
    const timeoutMs = context.settings.timeoutMs ?? TIMEOUT_MS;
    const name = resourceName("vms", vm);
    const response = await vms.execInVm(
      { name, argv, timeout: toDuration(timeoutMs) },
      { timeoutMs: timeoutMs + MARGIN_MS, signal: context.io.signal },
    );
    const { exitCode, stdout, stderr, truncated } = response;
    if (output === "json" || output === "yaml") {
      context.out(await formatDocument(output, ExecInVmResponse.toJSON(response)));
    } else {
      context.out(stdout);
      context.io.stderr.write(stderr);
    }
    if (truncated) context.talk("the output was longer; its rest was dropped");
    if (exitCode === 0) return undefined;
    context.talk(`${argv[0]} ended in ${shortName(name)} with status ${exitCode}`);
    return EXIT_CODES.failed.code;
  },
});
