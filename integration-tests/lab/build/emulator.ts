import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { aptEnvironment, readDebianSources } from "./debian.ts";
import { labCacheDirectory } from "./stage-cache.ts";
import { type Report, timed } from "./steps.ts";

/** Where Debian 12 has a QEMU with igb; its own 7.2 lacks it. */
const BACKPORTS = "bookworm-backports";
const QEMU_PACKAGE = "qemu-system-x86";

/** The lab goes without the card rather than wait long for an archive that does not answer. */
const APT_TIMEOUT_MS = 180_000;

/** Whether this machine's QEMU has a card with real SR-IOV. It exits with 0 also for a card it does not know. */
async function hasIgb(): Promise<boolean> {
  const { stdout } = await execa("qemu-system-x86_64", ["-device", "igb,help"], { reject: false });
  return String(stdout).startsWith("igb options");
}

/**
 * Ensures a QEMU with igb where that can be had, by Debian's backports. Apt's own sources stay as they are:
 * the suite is named to this one installation only, at the place the machine's sources name.
 *
 * @returns false where the archive has no backports or this process may not install; the lab then goes
 *   without the SR-IOV card
 */
export async function ensureSriovEmulator(report: Report): Promise<boolean> {
  if (await hasIgb()) return true;
  if (process.getuid?.() !== 0) return false;
  const installed = await timed(report, `apt: install ${QEMU_PACKAGE} of ${BACKPORTS}`, install);
  if (!installed.isDone) report(`no SR-IOV card in the lab: ${installed.why}`);
  return installed.isDone && (await hasIgb());
}

async function install(): Promise<{ readonly isDone: boolean; readonly why: string }> {
  const folder = join(labCacheDirectory(), "backports");
  await mkdir(join(folder, "lists/partial"), { recursive: true });
  const sources = join(folder, "sources.list");
  await writeFile(sources, await backportSources());
  const options = [
    `Dir::Etc::SourceList=${sources}`,
    "Dir::Etc::SourceParts=-",
    `Dir::State::Lists=${join(folder, "lists")}`,
    "APT::Get::List-Cleanup=false",
  ].flatMap((option) => ["--option", option]);
  const apt = (...words: readonly string[]) =>
    execa("apt-get", [...options, ...words], {
      reject: false,
      env: aptEnvironment,
      timeout: APT_TIMEOUT_MS,
    });
  for (const words of [
    ["update", "--error-on=any"],
    ["install", "--yes", "--no-install-recommends", "--target-release", BACKPORTS, QEMU_PACKAGE],
  ]) {
    const { exitCode, stderr } = await apt(...words);
    if (exitCode !== 0) return { isDone: false, why: stderr.trim().split("\n").at(-1) ?? "" };
  }
  return { isDone: true, why: "" };
}

/** The machine's own sources, and its main suite's neighbour. */
async function backportSources(): Promise<string> {
  const own = await readDebianSources();
  const main = own.split("\n").find((line) => / bookworm main$/.test(line)) ?? "";
  return `${own}${main.replace(" bookworm main", ` ${BACKPORTS} main`)}\n`;
}
