import { setTimeout as delay } from "node:timers/promises";
import type { ConnectConsoleRequest, ConnectConsoleResponse } from "@switchyard/client";
import type { Command } from "commander";
import type { Context } from "../../context.ts";
import { EXIT_CODES, type ExitCode } from "../../exit-codes.ts";
import { parseDuration } from "../../input/duration.ts";
import { resourceName } from "../../input/names.ts";
import type { Keyboard } from "../../io.ts";
import { shortName } from "../../output/values.ts";
import { defineVerb } from "../../verb.ts";
import { kindWord } from "../../views/kinds.ts";

/** Ctrl-], as telnet and virsh have it: no shell or editor needs it. */
const ESCAPE = 0x1d;
const LINGER = "2s";

interface Options {
  readonly take?: boolean;
  readonly linger: string;
}

/** What was typed or piped, until the escape, the input's end, or `leaving`. */
async function* typed(
  name: string,
  take: boolean,
  { keyboard, onInputEnd, onEscape }: Typing,
): AsyncGenerator<ConnectConsoleRequest> {
  yield { message: { $case: "open", value: { name, take } } };
  for await (const bytes of keyboard.bytes) {
    const at = keyboard.isTty ? bytes.indexOf(ESCAPE) : -1;
    const data = at < 0 ? bytes : bytes.subarray(0, at);
    if (data.length > 0) yield { message: { $case: "data", value: Buffer.from(data) } };
    if (at >= 0) return onEscape();
  }
  onInputEnd();
}

interface Typing {
  readonly keyboard: Keyboard;
  /** A pipe is at its end. */
  readonly onInputEnd: () => void;
  /** The person wants to leave. */
  readonly onEscape: () => void;
}

/** Calls back when nothing happened for so long, from the time it is armed. */
function createIdleTimer(idleMs: number, onIdle: () => void) {
  let running: AbortController | undefined;
  const start = () => {
    running = new AbortController();
    delay(idleMs, undefined, { signal: running.signal }).then(onIdle, () => undefined);
  };
  return {
    arm: start,
    /** Something happened. */
    touch: () => {
      if (running === undefined) return;
      running.abort();
      start();
    },
    stop: () => running?.abort(),
  };
}

/** Shows what comes; undefined where the call ended and the console did not. */
async function show(
  context: Context,
  responses: AsyncIterable<ConnectConsoleResponse>,
  on: { readonly opened: () => void; readonly data: () => void },
): Promise<ExitCode | undefined> {
  const decoder = new TextDecoder();
  for await (const { message } of responses) {
    switch (message?.$case) {
      case "opened": {
        const { name, host, hostKind } = message.value;
        context.talk(`console of ${shortName(name)} on ${shortName(host)} (${kindWord(hostKind)})`);
        on.opened();
        break;
      }
      case "data":
        context.out(decoder.decode(message.value, { stream: true }));
        on.data();
        await context.io.stdout.drained();
        break;
      case "closed":
        context.talk(`\n${message.value.message}`);
        return EXIT_CODES.failed.code;
    }
  }
  return undefined;
}

async function connect(context: Context, name: string, options: Options): Promise<ExitCode> {
  const { vms } = await context.client();
  const { io } = context;
  const leaving = new AbortController();
  const idle = createIdleTimer(parseDuration(options.linger), () => leaving.abort());
  const keyboard = io.openKeyboard();
  const requests = typed(name, options.take === true, {
    keyboard,
    onInputEnd: idle.arm,
    onEscape: () => leaving.abort(),
  });
  const signal = AbortSignal.any([io.signal, leaving.signal]);
  try {
    const code = await show(context, vms.connectConsole(requests, { signal }), {
      opened: () => {
        if (keyboard.isTty) context.talk("leave with Ctrl-]; Enter shows a prompt");
      },
      data: idle.touch,
    });
    if (io.signal.aborted) return EXIT_CODES.interrupted.code;
    if (leaving.signal.aborted) return EXIT_CODES.ok.code;
    if (code === undefined) context.talk("\nthe controller ended the session; connect again");
    return code ?? EXIT_CODES.unavailable.code;
  } finally {
    idle.stop();
    keyboard.close();
  }
}

/** Exit code 0 when left on purpose, 1 when the VM's console came to its end. */
export const verb = defineVerb<Options>({
  configure: (command: Command) => {
    command
      .argument("<vm>")
      .option("--take", "end the session of whoever has the console")
      .option(
        "--linger <duration>",
        "with piped input: leave when nothing was shown for so long after its end",
        LINGER,
      )
      .addHelpText(
        "after",
        "\nA terminal is in raw mode: every key goes to the guest, and Ctrl-] leaves. Input that is\nno terminal is sent as it is:  printf 'root\\nuptime\\n' | swy vm console web-1",
      );
  },
  run: async ({ context, args: [vm = ""], options }) =>
    connect(context, resourceName("vms", vm), options),
});
