import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { connectJsonSocket } from "./json-socket.ts";

/** Power of one machine: a QEMU process for each of its boots. */
export interface Power {
  /** Whether it is off for good: switched off, or QEMU failed. */
  readonly hasEnded: () => boolean;
  /** How many times it was switched on. */
  readonly boots: () => number;
  /** What the last QEMU said on its way out. */
  readonly readLastWords: () => string;
  /** Cuts the power and switches on again. What was only in memory is lost. */
  readonly cycle: () => Promise<void>;
  /** Switches off and ends exactly this machine's QEMU. May run twice. */
  readonly off: () => Promise<void>;
}

export interface PowerOptions {
  /** Argument vector for the next boot, asked for at each one. */
  readonly readArguments: () => Promise<readonly string[]>;
  readonly qmpSocket: string;
}

/** Boots of one machine; a machine that boots again and again is broken. */
const BOOTS_MAX = 20;
const QUIT_TIMEOUT_MS = 5_000;

/** What of execa's subprocess is used here. Resolves when QEMU has ended, never rejects. */
interface Qemu extends PromiseLike<{ readonly exitCode?: number; readonly stderr?: unknown }> {
  readonly kill: (signal: NodeJS.Signals) => boolean;
}

/**
 * Switches a machine on. A QEMU that ends with status 0 was asked to, by a reboot inside, and the next boot
 * follows, as it does after a power cycle; any other end is one for good.
 */
export function switchOn({ readArguments, qmpSocket }: PowerOptions): Power {
  let current: Qemu | undefined;
  let lastWords = "";
  let isCut = false;
  let isOff = false;
  let hasEnded = false;
  let boots = 0;

  const runBoots = async (): Promise<void> => {
    while (boots < BOOTS_MAX) {
      const argv = await readArguments();
      if (isOff) return;
      isCut = false;
      boots += 1;
      current = startQemu(argv);
      const { exitCode, stderr } = await current;
      current = undefined;
      lastWords = String(stderr);
      if (exitCode !== 0 && !isCut) return;
    }
  };
  const ended = runBoots()
    .catch((error: unknown) => {
      lastWords = String(error);
    })
    .finally(() => {
      hasEnded = true;
    });

  const cut = async (): Promise<void> => {
    const qemu = current;
    if (qemu === undefined) return;
    isCut = true;
    await quitQemu(qmpSocket).catch(() => undefined);
    await Promise.race([qemu, sleep(QUIT_TIMEOUT_MS)]);
    if (current === qemu) qemu.kill("SIGKILL");
    await qemu;
  };
  return {
    hasEnded: () => hasEnded,
    boots: () => boots,
    readLastWords: () => lastWords,
    cycle: cut,
    off: async () => {
      isOff = true;
      await cut();
      await ended;
    },
  };
}

/**
 * `--pdeathsig` ends QEMU with this process even when this process is killed. setpriv becomes QEMU, so the
 * pid is QEMU's own.
 */
const startQemu = (argv: readonly string[]): Qemu =>
  execa("setpriv", ["--pdeathsig", "KILL", "qemu-system-x86_64", ...argv], {
    reject: false,
    stdin: "ignore",
    cleanup: true,
  });

/** Asks QEMU to end. Its shares and its disk are files of this machine, so what reached them is kept. */
async function quitQemu(path: string): Promise<void> {
  const qmp = await connectJsonSocket(path, QUIT_TIMEOUT_MS);
  try {
    await qmp.receive(QUIT_TIMEOUT_MS);
    qmp.send({ execute: "qmp_capabilities" });
    await qmp.receive(QUIT_TIMEOUT_MS);
    qmp.send({ execute: "quit" });
    await qmp.receive(QUIT_TIMEOUT_MS);
  } finally {
    qmp.close();
  }
}
