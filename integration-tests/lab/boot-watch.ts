import { setTimeout as sleep } from "node:timers/promises";
import type { Report } from "./build/steps.ts";
import type { Power } from "./power.ts";

/** Sees to it that each boot of a lab host comes to an end, also one that a job asked for. */
export interface BootWatch {
  /**
   * Waits until the lab host is up and in another boot than `previousBootId`.
   *
   * @throws Error when its QEMU ended, its kernel panicked or it is not up in time
   */
  readonly waitUntilReady: (previousBootId?: string) => Promise<void>;
  /** May run twice. */
  readonly stop: () => Promise<void>;
}

export interface BootWatchParts {
  readonly name: string;
  readonly power: Pick<Power, "hasEnded" | "readLastWords" | "boots" | "cycle">;
  /** Whether what runs inside is up, and in another boot than the one given. */
  readonly isReady: (previousBootId?: string) => Promise<boolean>;
  /** The last lines of the console of this boot. */
  readonly readSerialTail: (lines: number) => Promise<string>;
  readonly report: Report;
}

/** About 17 s on two idle cores; several times that when both are busy with other tests. */
const BOOT_TIMEOUT_MS = 300_000;
const BOOT_TRIES_MAX = 3;
/** A boot that is not up by then stands, whatever it says or does not say. */
const STANDS_AFTER_MS = 240_000;
const PROBE_INTERVAL_MS = 300;

/** The kernel's own words; it boots again after a while, see `panic=` in its arguments. */
const PANIC = "Kernel panic - not syncing";

/**
 * What the kernel says when an emulated CPU lost its timer: it then waits for that CPU for ever, seen with
 * QEMU 10.0.2 in one of many boots. Only switching off and on helps.
 */
const LOST_TIMER = "kthread timer wakeup didn't happen";
/** Far enough back to hold the words above, stack dumps after them included. */
const SERIAL_SEARCHED_LINES = 400;

/** Watches from now on; a boot is switched off and on at most twice, and each time is told. */
export function watchBoots(parts: BootWatchParts): BootWatch {
  const { name, power, isReady, readSerialTail, report } = parts;
  let isStopped = false;
  let switchedOnAtMs = performance.now();

  const watch = async (): Promise<void> => {
    let readyBoot = 0;
    let seenBoot = 0;
    let tries = 1;
    while (!isStopped && !power.hasEnded()) {
      const boot = power.boots();
      if (boot !== seenBoot) {
        seenBoot = boot;
        switchedOnAtMs = performance.now();
      }
      if (boot !== readyBoot) {
        const said = await readSerialTail(SERIAL_SEARCHED_LINES);
        if (await isReady()) {
          readyBoot = boot;
          tries = 1;
        } else {
          const why = whyItStands(said, performance.now() - switchedOnAtMs);
          if (why !== undefined && tries < BOOT_TRIES_MAX) {
            tries += 1;
            report(`${name}: ${why}; switched off and on, try ${tries}`);
            await power.cycle();
          }
        }
      }
      await sleep(PROBE_INTERVAL_MS);
    }
  };
  const watching = watch();

  return {
    waitUntilReady: async (previousBootId) => {
      const calledAtMs = performance.now();
      while (!(await isReady(previousBootId))) {
        if (power.hasEnded()) throw new Error(`QEMU ended: ${power.readLastWords()}`);
        const said = await readSerialTail(SERIAL_SEARCHED_LINES);
        if (said.includes(PANIC)) throw new Error("its kernel panicked");
        const waitedMs = performance.now() - Math.max(calledAtMs, switchedOnAtMs);
        if (waitedMs > BOOT_TIMEOUT_MS) throw new Error(`not ready within ${BOOT_TIMEOUT_MS} ms`);
        await sleep(PROBE_INTERVAL_MS);
      }
    },
    stop: async () => {
      isStopped = true;
      await watching;
    },
  };
}

function whyItStands(said: string, bootMs: number): string | undefined {
  if (said.includes(LOST_TIMER)) return "an emulated CPU lost its timer";
  if (bootMs > STANDS_AFTER_MS) return `not up ${Math.round(bootMs / 1000)} s after power-on`;
  return undefined;
}
