import type { Lockdown, SelinuxState } from "@switchyard/model";
import type { Host } from "../../port/host.ts";
import { listIfThere } from "../tool.ts";

const SECURITYFS = "/sys/kernel/security";
const SELINUXFS = "/sys/fs/selinux";

const LOCKDOWNS: readonly Lockdown[] = ["none", "integrity", "confidentiality"];

/**
 * What the kernel refuses to root: the word in brackets of `[none] integrity confidentiality`. A kernel built
 * without the lockdown module refuses nothing; undefined where securityfs is not mounted.
 *
 * @throws HostFileError
 * @see torvalds/linux security/lockdown/lockdown.c
 */
export async function readLockdown(host: Host): Promise<Lockdown | undefined> {
  const names = await listIfThere(host, SECURITYFS);
  if (names.length === 0) return undefined;
  if (!names.includes("lockdown")) return "none";
  const word = /\[(\w+)\]/.exec(await host.readFile(`${SECURITYFS}/lockdown`))?.[1];
  return LOCKDOWNS.find((each) => each === word);
}

/**
 * As getenforce(8) tells it: selinuxfs is mounted only where SELinux is on.
 *
 * @throws HostFileError
 * @see SELinuxProject/selinux libselinux/src/enabled.c, getenforce.c
 */
export async function readSelinux(host: Host): Promise<SelinuxState> {
  if ((await listIfThere(host, SELINUXFS)).length === 0) return "disabled";
  const isEnforcing = (await host.readFile(`${SELINUXFS}/enforce`)).trim() === "1";
  return isEnforcing ? "enforcing" : "permissive";
}
