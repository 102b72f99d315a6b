import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { createInterface } from "node:readline/promises";
import { text } from "node:stream/consumers";
import { openKeyboard } from "./keyboard.ts";
import { runLocalProgram } from "./local-program.ts";

/** Where a text stream goes, as far as showing depends on it. */
export interface Sink {
  write(text: string): void;
  readonly isTty: boolean;
  /** Of the terminal. */
  readonly columns: number;
  /** Resolves once what was written was taken; for who writes without end. */
  drained(): Promise<void>;
}

/** Standard input byte by byte, with the terminal in raw mode where it is one: nothing is echoed or edited. */
export interface Keyboard {
  readonly isTty: boolean;
  /** Ends with standard input, or after `close`. */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Gives the terminal back as it was. May run twice. */
  close(): void;
}

/** Everything the CLI touches outside itself, so that tests can stand in for it. */
export interface CliIo {
  /** Data. */
  readonly stdout: Sink;
  /** Talk: progress, hints, errors. */
  readonly stderr: Sink;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborts on Ctrl-C. */
  readonly signal: AbortSignal;
  /** True when a person can be asked. */
  readonly canAsk: boolean;
  /** @param path a file, or `-` for standard input */
  readText(path: string): Promise<string>;
  /** Makes or replaces a file. */
  writeText(path: string, text: string): Promise<void>;
  /** Takes standard input until it is closed; the terminal is restored also when the process ends on the way. */
  openKeyboard(): Keyboard;
  /**
   * Runs a program of this machine, with its streams, to its end; told to end when `signal` aborts.
   *
   * @returns its exit status
   * @throws Error where it can't be started
   */
  runProgram(
    argv: readonly [program: string, ...args: string[]],
    signal: AbortSignal,
  ): Promise<number>;
  /** Asks on stderr and reads one line. */
  ask(question: string): Promise<string>;
}

const COLUMNS_DEFAULT = 80;

const sinkOf = (stream: NodeJS.WriteStream): Sink => ({
  write: (data) => {
    stream.write(data);
  },
  isTty: stream.isTTY === true,
  get columns() {
    return stream.columns ?? COLUMNS_DEFAULT;
  },
  drained: async () => {
    if (stream.writableNeedDrain) await once(stream, "drain");
  },
});

async function askOnTerminal(question: string, signal: AbortSignal): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await lines.question(question, { signal });
  } finally {
    lines.close();
  }
}

/** The process's own streams, environment and terminal. */
export const processIo = (signal: AbortSignal): CliIo => ({
  stdout: sinkOf(process.stdout),
  stderr: sinkOf(process.stderr),
  env: process.env,
  signal,
  canAsk: process.stdin.isTTY === true && process.stderr.isTTY === true,
  readText: (path) => (path === "-" ? text(process.stdin) : readFile(path, "utf8")),
  writeText: (path, data) => writeFile(path, data),
  openKeyboard: () => openKeyboard(process.stdin),
  runProgram: runLocalProgram,
  ask: (question) => askOnTerminal(question, signal),
});
