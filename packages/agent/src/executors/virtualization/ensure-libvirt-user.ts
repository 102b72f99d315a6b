import {
  type FormerLines,
  isLibvirtRestartDue,
  readFormerLines,
  readLibvirtUser,
  restoreLibvirtUser,
  setLibvirtUser,
} from "@switchyard/host";
import type { LibvirtQemuUser } from "@switchyard/model";
import { ensure } from "../executor.ts";

interface State extends LibvirtQemuUser {
  readonly isRestartDue: boolean;
  /** The lines that stood where user and group are set. */
  readonly former: FormerLines;
}

/** Undo puts the former lines back: the file is then exactly as it was, unless others changed it since. */
export const ensureLibvirtUser = ensure<"ensureLibvirtUser", State>({
  read: async ({ observer }, wanted) => {
    const former = await readFormerLines(observer, wanted);
    const { user, group } = (await readLibvirtUser(observer)) ?? {};
    return { user, group, former, isRestartDue: await isLibvirtRestartDue(observer) };
  },
  isSatisfied: ({ user, group, isRestartDue }, wanted) =>
    user === wanted.user && group === wanted.group && !isRestartDue,
  apply: ({ host }, wanted) => setLibvirtUser(host, wanted),
  undo: ({ host }, _wanted, { former }) => restoreLibvirtUser(host, former),
  failure: "LIBVIRT_CONFIG_UNWRITABLE",
});
