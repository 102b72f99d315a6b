import { CommandError, HostError, type LibvirtQemuUser, systemctlRestart } from "@switchyard/model";
import { type Host, HostFileError } from "../../port/host.ts";
import { readOptional, runChecked } from "../tool.ts";
import { daemonVersion, isUnitActive, LIBVIRT_DAEMONS } from "./commands.ts";
import { type FormerLines, parseQemuConf, restoreQemuConf, setQemuConf } from "./qemu-conf.ts";

const QEMU_CONF = "/etc/libvirt/qemu.conf";
/**
 * There from before the file is changed until the daemon has been restarted, so that a crash
 * between is seen.
 */
const RESTART_MARK = "/var/lib/switchyard/libvirt-restart-due";
const RESTART_TIMEOUT_MS = 120_000;

/** `libvirtd (libvirt) 10.0.0` → `10.0.0`. */
export const parseLibvirtVersion = (text: string): string | undefined =>
  /\(libvirt\) (\d+(?:\.\d+)+)/.exec(text)?.[1];

/** Version of libvirt's daemon; undefined when none is installed. */
export async function readLibvirtVersion(host: Host): Promise<string | undefined> {
  for (const daemon of LIBVIRT_DAEMONS) {
    try {
      const { stdout } = await runChecked(host, { argv: daemonVersion(daemon) });
      const version = parseLibvirtVersion(stdout);
      if (version !== undefined) return version;
    } catch (error) {
      if (error instanceof CommandError && error.reason === "COMMAND_NOT_STARTED") continue;
      throw error;
    }
  }
  return undefined;
}

/** Whom libvirt is told to run QEMU as; undefined without its configuration. */
export async function readLibvirtUser(host: Host): Promise<LibvirtQemuUser | undefined> {
  const text = await readOptional(host, QEMU_CONF);
  return text === undefined ? undefined : parseQemuConf(text);
}

export const isLibvirtRestartDue = (host: Host): Promise<boolean> => host.exists(RESTART_MARK);

/** @throws HostError LIBVIRT_CONFIG_UNWRITABLE */
async function readConf(host: Host): Promise<string> {
  try {
    return await host.readFile(QEMU_CONF);
  } catch (error) {
    if (!(error instanceof HostFileError)) throw error;
    throw new HostError("LIBVIRT_CONFIG_UNWRITABLE", `${QEMU_CONF} can't be read`, {
      found: error.errno,
      needs: "libvirt's configuration of QEMU",
    });
  }
}

/** Lines that a change of user and group would replace. @throws HostError LIBVIRT_CONFIG_UNWRITABLE */
export const readFormerLines = async (
  host: Host,
  wanted: { readonly user: string; readonly group: string },
): Promise<FormerLines> => setQemuConf(await readConf(host), wanted).former;

/**
 * Sets whom libvirt runs QEMU as and restarts its daemon. Running VMs stay. May run twice.
 *
 * @throws HostError LIBVIRT_CONFIG_UNWRITABLE; CommandError COMMAND_FAILED
 */
export async function setLibvirtUser(
  host: Host,
  wanted: { readonly user: string; readonly group: string },
): Promise<void> {
  const { text } = setQemuConf(await readConf(host), wanted);
  await change(host, text);
}

/** Puts former lines back and restarts the daemon; a file that is gone is success. May run twice. */
export async function restoreLibvirtUser(host: Host, former: FormerLines): Promise<void> {
  if (!(await host.exists(QEMU_CONF))) return;
  await change(host, restoreQemuConf(await readConf(host), former));
}

async function change(host: Host, text: string): Promise<void> {
  await host.replaceFile(RESTART_MARK, "");
  await host.replaceFile(QEMU_CONF, text);
  for (const daemon of LIBVIRT_DAEMONS) {
    const { exitCode } = await host.run({ argv: isUnitActive(daemon) });
    if (exitCode !== 0) continue;
    await runChecked(host, { argv: systemctlRestart(daemon), timeoutMs: RESTART_TIMEOUT_MS });
  }
  await host.remove(RESTART_MARK);
}
