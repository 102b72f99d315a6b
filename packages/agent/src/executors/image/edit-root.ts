import { readOptional, resolveLinks, writeKept } from "@switchyard/host";
import {
  type DiskEdit,
  diskFiles,
  type EditableRoot,
  GUEST_PATHS,
  HostError,
} from "@switchyard/model";
import type { StepContext } from "../executor.ts";

/**
 * Nothing is read or written through a link: one that leads to `/etc` would lead to the host's. The guest does
 * not run, so what was looked at stays so.
 *
 * @throws HostError DISK_EDIT_UNSAFE
 */
async function refuseLinks({ host }: StepContext, paths: readonly string[]): Promise<void> {
  const resolved = await resolveLinks(host, paths);
  const at = paths.findIndex((path, index) => resolved[index] !== path);
  if (at === -1) return;
  throw new HostError("DISK_EDIT_UNSAFE", "the image has a link where its disk would be edited", {
    path: paths[at] ?? "",
    found: resolved[at] ?? "",
    needs: "a plain file in plain folders",
  });
}

async function readRoot(context: StepContext, root: string): Promise<EditableRoot> {
  const { host } = context;
  const at = (path: string) => `${root}${path}`;
  await refuseLinks(context, Object.values(GUEST_PATHS).map(at));
  const selinux = await readOptional(host, at(GUEST_PATHS.selinux));
  return {
    shadow: await host.readFile(at(GUEST_PATHS.shadow)),
    hasNetworkManager: await host.exists(at(GUEST_PATHS.networkManager)),
    hasNetworkd: await host.exists(at(GUEST_PATHS.networkd)),
    hasSelinux: selinux !== undefined && !/^SELINUX=disabled\b/m.test(selinux),
  };
}

/**
 * Writes the edit into a root file system that is mounted. May run twice.
 *
 * @param root folder it is mounted on
 * @throws HostError DISK_EDIT_UNSAFE; CommandError COMMAND_FAILED
 */
export async function editRoot(context: StepContext, root: string, edit: DiskEdit): Promise<void> {
  const files = diskFiles(edit, await readRoot(context, root));
  await refuseLinks(
    context,
    files.map(({ path }) => `${root}${path}`),
  );
  for (const file of files) {
    await writeKept(context.host, { ...file, path: `${root}${file.path}` });
    context.say(`wrote ${file.path} into the disk`);
  }
  if (edit.hasEmptyRootPassword) context.say("DEVELOPMENT ONLY: root has no password");
}
