import type { SwitchyardClient } from "@switchyard/client";
import type { Context } from "../../context.ts";
import { EXIT_CODES } from "../../exit-codes.ts";
import { resourceName } from "../../input/names.ts";
import { parseInteger } from "../../input/pairs.ts";
import { plainText } from "../../output/text.ts";
import { UsageError } from "../../usage-error.ts";
import { defineVerb } from "../../verb.ts";

/** All that a host keeps of one log, bytes. */
const KEPT_BYTES_MAX = 1536 * 1024;
const LINES_MAX = 100_000;

interface Options {
  readonly tail?: string;
  readonly follow?: boolean;
}

/** A guest must not steer the terminal that its log is shown in. */
const forTerminal = (text: string): string => plainText(text.replaceAll("\r\n", "\n"));

const lastLines = (text: string, count: number): string => {
  const lines = text.split("\n");
  const last = lines.at(-1) === "" ? count + 1 : count;
  return lines.slice(-last).join("\n");
};

async function readEnd(client: SwitchyardClient, name: string, tailBytes: number) {
  let text = "";
  let nextByte: bigint | undefined;
  for await (const piece of client.vms.readVmLog({ name, tailBytes })) {
    text += piece.text;
    nextByte = piece.nextByte;
  }
  return { text, nextByte: nextByte ?? 0n };
}

async function follow(context: Context, name: string, fromByte: bigint): Promise<void> {
  const { vms } = await context.client();
  const { io } = context;
  const request = { name, fromByte, follow: true };
  for await (const piece of vms.readVmLog(request, { signal: io.signal })) {
    if (piece.gap) context.talk("a part of the log is no longer kept");
    context.out(io.stdout.isTty ? forTerminal(piece.text) : piece.text);
    await io.stdout.drained();
  }
}

export const verb = defineVerb<Options>({
  configure: (command) => {
    command
      .argument("<vm>")
      .option("--tail <lines>", "so many lines of its end; default: the last 64 KiB")
      .option("-f, --follow", "go on with what the VM writes");
  },
  run: async ({ context, args: [vm = ""], options }) => {
    const name = resourceName("vms", vm);
    const lines = options.tail === undefined ? undefined : parseInteger(options.tail);
    if (lines !== undefined && (lines < 0 || lines > LINES_MAX)) {
      throw new UsageError(`--tail is 0 to ${LINES_MAX} lines`);
    }
    const client = await context.client();
    const end = await readEnd(client, name, lines === undefined ? 0 : KEPT_BYTES_MAX);
    const text = lines === undefined ? end.text : lastLines(end.text, lines);
    context.out(context.io.stdout.isTty ? forTerminal(text) : text);
    if (options.follow !== true) return undefined;
    await follow(context, name, end.nextByte);
    return context.io.signal.aborted ? EXIT_CODES.interrupted.code : undefined;
  },
});
