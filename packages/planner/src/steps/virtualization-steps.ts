import {
  QEMU_LINK,
  type QemuSource,
  qemuBuildCommands,
  symbolicLink,
  systemctlRestart,
} from "@switchyard/model";
import { run, write } from "./commands.ts";
import { type Draft, draft } from "./draft.ts";

export const ensureQemuBuilt = (source: QemuSource): Draft =>
  draft(
    "ensureQemuBuilt",
    { source },
    {
      title: `Build QEMU ${source.version} from source`,
      commands: qemuBuildCommands(source).map(run),
    },
  );

/** @param replaces a link of ours leads elsewhere now */
export const ensureQemuLink = (target: string, replaces: boolean): Draft =>
  draft(
    "ensureQemuLink",
    { target },
    {
      title: `Let qemu-system-x86_64 lead to ${target}`,
      commands: [run(symbolicLink({ target, path: QEMU_LINK, replaces }))],
    },
  );

/** The file's other lines are not known when the plan is made: they stay as they are. */
export const ensureLibvirtUser = (wanted: {
  readonly user: string;
  readonly group: string;
}): Draft =>
  draft("ensureLibvirtUser", wanted, {
    title: `Let libvirt run QEMU as ${wanted.user}:${wanted.group}`,
    commands: [
      write(
        "/etc/libvirt/qemu.conf",
        `<as it is, with user = "${wanted.user}" and group = "${wanted.group}">`,
      ),
      run(systemctlRestart("libvirtd")),
    ],
  });
