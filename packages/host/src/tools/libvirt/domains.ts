import { CommandError } from "@switchyard/model";
import type { Host } from "../../port/host.ts";
import { runChecked } from "../tool.ts";
import { listDomainsCommand } from "./commands.ts";

/** A VM as libvirt knows it. */
export interface Domain {
  readonly name: string;
  /** In virsh's words: `running`, `paused`, `shut off` … */
  readonly state: string;
}

/**
 * Rows of `virsh list --all`: columns Id, Name and State, at least two spaces apart. Names have no spaces at
 * their ends.
 *
 * @see libvirt/libvirt tools/virsh-domain-monitor.c, cmdList; tools/vsh-table.c
 */
export const parseDomains = (text: string): readonly Domain[] =>
  text
    .split("\n")
    .slice(2)
    .flatMap((line) => {
      const [, name, state] = /^\s*(?:\d+|-)\s{2,}(.+?)\s{2,}(\S.*?)\s*$/.exec(line) ?? [];
      return name === undefined || state === undefined ? [] : [{ name, state }];
    });

/**
 * All domains of libvirt's system instance; undefined where its client is not installed.
 *
 * @throws CommandError COMMAND_FAILED (the daemon does not answer), COMMAND_TIMED_OUT
 */
export async function listDomains(host: Host): Promise<readonly Domain[] | undefined> {
  try {
    return parseDomains((await runChecked(host, { argv: listDomainsCommand() })).stdout);
  } catch (error) {
    if (error instanceof CommandError && error.reason === "COMMAND_NOT_STARTED") return undefined;
    throw error;
  }
}
