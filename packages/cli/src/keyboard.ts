import type { ReadStream } from "node:tty";
import { SIGNAL_STATUS_BASE } from "./exit-codes.ts";
import type { Keyboard } from "./io.ts";

/** Signals that end a process and leave the terminal to whoever comes next. */
const ENDING_SIGNALS = ["SIGTERM", "SIGHUP"] as const;
const SIGNAL_NUMBERS = { SIGTERM: 15, SIGHUP: 1 } as const;

/** Takes a terminal, or any other standard input, until it is closed. */
export function openKeyboard(
  stdin: Pick<ReadStream, "setRawMode" | "isTTY" | "pause"> & AsyncIterable<Uint8Array>,
): Keyboard {
  const isTty = stdin.isTTY === true;
  let isClosed = false;
  const close = () => {
    if (isClosed) return;
    isClosed = true;
    if (isTty) stdin.setRawMode(false);
    stdin.pause();
    process.off("exit", close);
    for (const signal of ENDING_SIGNALS) process.off(signal, end);
  };
  const end = (signal: (typeof ENDING_SIGNALS)[number]) => {
    close();
    process.exit(SIGNAL_STATUS_BASE + SIGNAL_NUMBERS[signal]);
  };
  process.on("exit", close);
  for (const signal of ENDING_SIGNALS) process.on(signal, end);
  if (isTty) stdin.setRawMode(true);
  return { isTty, bytes: stdin, close };
}
