import type { Guest } from "../machine/guest.ts";
import type { Machine } from "../machine/machine.ts";
import { readSeedIso } from "../programs/disk-images.ts";
import { findGuestFile } from "./edited-disk.ts";
import { runInGuest } from "./shell.ts";

/*
 * What a Linux guest does on its serial console: boots, asks for a login, runs commands. Only accounts with an
 * empty password get in, as `passwd -d root` leaves one; agetty, login and bash are as terse as here.
 */

/** Characters of a line the guest's tty takes. @see termios(3), canonical mode */
const LINE_LENGTH_MAX = 4095;
/** Characters a guest writes at once. */
const PIECE_LENGTH = 4096;
/** Lines typed ahead of a program that still runs; a tty's input queue ends, too. */
const TYPED_AHEAD_MAX = 64;

interface UserData {
  readonly runcmd?: readonly unknown[];
}

/** Without a seed and accounts of its own the image is the seed procedure's, whose root has no password. */
function hasOpenRoot(machine: Machine, disks: readonly string[]): boolean {
  const seed = disks
    .filter((path) => machine.files.isFile(path))
    .map((path) => readSeedIso(machine.files.read(path)))
    .find(Boolean);
  const shadow = findGuestFile(machine, disks, "etc/shadow");
  if (seed === undefined) return shadow === undefined || /^root::/m.test(shadow);
  const text = (seed["user-data"] ?? "").replace(/^#cloud-config\n/, "");
  const data = (text === "" ? {} : JSON.parse(text)) as UserData;
  return JSON.stringify(data.runcmd ?? []).includes('["passwd","-d","root"]');
}

/** The guest's end of the serial line. */
export interface GuestConsole {
  /** Lines of the kernel, then the login prompt once the guest has booted. */
  boot(): Promise<void>;
  /** Its guest has booted elsewhere, and says nothing of its own accord. */
  skipBoot(): void;
  /** What comes over the line. */
  type(bytes: Uint8Array): void;
}

type Mode =
  | { readonly kind: "off" }
  | { readonly kind: "login" }
  | { readonly kind: "password" }
  | { readonly kind: "shell"; readonly user: string };

export function createGuestConsole(options: {
  readonly machine: Machine;
  readonly guest: Guest;
  readonly disks: readonly string[];
  readonly write: (text: string) => Promise<void>;
}): GuestConsole {
  const { machine, guest, disks } = options;
  let mode: Mode = { kind: "off" };
  let line = "";
  let waiting = 0;
  let turn: Promise<void> = Promise.resolve();

  const write = async (text: string) => {
    const onTerminal = text.replaceAll(/\r?\n/g, "\r\n");
    for (let at = 0; at < onTerminal.length; at += PIECE_LENGTH) {
      await options.write(onTerminal.slice(at, at + PIECE_LENGTH));
    }
  };
  const prompt = () => {
    if (mode.kind === "login") return write(`\n${guest.hostname} login: `);
    return write(mode.kind === "shell" ? `[${mode.user}@${guest.hostname} ~]# ` : "Password: ");
  };
  const logOut = () => {
    mode = { kind: "login" };
    return prompt();
  };

  const logIn = async (user: string) => {
    if (user === "") return prompt();
    if (user === "root" && hasOpenRoot(machine, disks)) mode = { kind: "shell", user };
    else mode = { kind: "password" };
    await prompt();
  };
  const runLine = async (text: string) => {
    const command = text.trim();
    if (command === "exit" || command === "logout") return logOut();
    if (command !== "") {
      const { stdout, stderr } = await runInGuest(machine, guest, ["sh", "-c", command]);
      await write(stdout + stderr);
    }
    await prompt();
  };
  const take = async (text: string) => {
    if (mode.kind === "off") return;
    if (mode.kind === "login") return logIn(text.trim());
    if (mode.kind === "shell") return runLine(text);
    await write("\nLogin incorrect\n");
    await logOut();
  };

  /** One line after the other, echoes in between, as a tty has it. */
  const queue = (work: () => Promise<void>) => {
    if (waiting >= TYPED_AHEAD_MAX) return;
    waiting += 1;
    turn = turn.then(work).finally(() => {
      waiting -= 1;
    });
  };
  const echo = async (text: string) => {
    if (mode.kind !== "password") await write(text);
  };

  const press = (key: string): string => {
    switch (key) {
      case "\r":
      case "\n": {
        const typed = line;
        line = "";
        queue(async () => {
          await write("\n");
          await take(typed);
        });
        return "";
      }
      case "\u007f":
      case "\b": {
        const hadSome = line !== "";
        line = line.slice(0, -1);
        return hadSome ? "\b \b" : "";
      }
      case "\u0003":
        line = "";
        queue(async () => {
          await write("^C\n");
          await prompt();
        });
        return "";
      case "\u0004":
        if (line === "") queue(async () => (mode.kind === "shell" ? logOut() : undefined));
        return "";
      default:
        if (line.length >= LINE_LENGTH_MAX || key < " ") return "";
        line += key;
        return key;
    }
  };

  return {
    boot: async () => {
      const release = machine.spec.kernelRelease;
      await write(`[    0.000000] Linux version ${release} (simulated guest)\n`);
      await write(`[    0.412907] Kernel command line: console=ttyS0,115200\n`);
      for (const { name, mac } of guest.nics) {
        await write(`[    1.870011] virtio_net ${name}: MAC ${mac}\n`);
      }
      const leftMs = machine.spec.guestBootMs;
      if (leftMs > 0) await machine.clock.sleep(leftMs);
      await logOut();
    },
    skipBoot: () => {
      mode = { kind: "login" };
    },
    type: (bytes) => {
      let echoed = "";
      const flush = () => {
        const text = echoed;
        echoed = "";
        if (text !== "") queue(() => echo(text));
      };
      for (const key of Buffer.from(bytes).toString("latin1")) {
        const isControl = key === "\r" || key === "\n" || key === "\u0003" || key === "\u0004";
        if (isControl) flush();
        echoed += press(key);
      }
      flush();
    },
  };
}
