import { linkQemu, readQemuLink } from "@switchyard/host";
import { HostError, isQemuLinkOurs, QEMU_LINK, type QemuLink } from "@switchyard/model";
import { ensure } from "../executor.ts";

/** @throws HostError QEMU_LINK_TAKEN */
function refuseForeign(link: QemuLink): void {
  if (link.kind === "absent" || (link.kind === "link" && isQemuLinkOurs(link.target))) return;
  throw new HostError("QEMU_LINK_TAKEN", `${QEMU_LINK} is not ours`, {
    found: link.kind === "program" ? "a program" : `a link to ${link.target}`,
    needs: "nothing, or a link that Switchyard made",
  });
}

/** Undo brings back the link that was there, or none; what somebody put there since stays. */
export const ensureQemuLink = ensure<"ensureQemuLink", { readonly link: QemuLink }>({
  read: async ({ observer }) => ({ link: await readQemuLink(observer) }),
  isSatisfied: ({ link }, { target }) => link.kind === "link" && link.target === target,
  apply: async ({ host, observer }, { target }) => {
    const link = await readQemuLink(observer);
    refuseForeign(link);
    await linkQemu(host, target, link.kind === "link");
  },
  undo: async ({ host, observer }, { target }, before) => {
    const now = await readQemuLink(observer);
    if (now.kind !== "link" || now.target !== target) return;
    if (before.link.kind === "link") await linkQemu(host, before.link.target, true);
    else await host.remove(QEMU_LINK);
  },
  failure: "QEMU_LINK_TAKEN",
  isHarmless: true,
});
