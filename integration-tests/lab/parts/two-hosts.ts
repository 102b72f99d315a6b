import { jobEvents } from "@switchyard/client";
import type { Vm } from "@switchyard/proto";
import type { LabContext, LabPart } from "../context.ts";
import { readGuestLog, runInGuest, talkOnConsole } from "./guest.ts";
import { ensureImage, IMAGE, imageVm } from "./image.ts";
import { createPair, type Side, startSecondHost, verifyWire } from "./pair.ts";
import { ensureProfileApplied, tearDown } from "./profile.ts";

/** Long enough for events that a busy emulation sends late. */
const EVENTS_MS = 300_000;

/** A VM on each of two hosts, from one image with cloud-init, and the wire between them. */
export const twoHostsPart: LabPart = {
  name: "two-hosts",
  run: async (context) => {
    const { report, job } = context;
    await ensureProfileApplied(context);
    const second = await startSecondHost(context, {});
    await using _ = second.labHost;
    report.part("One image is imported, and both hosts fetch it");
    const image = { name: IMAGE, source: context.image };
    await ensureImage(context, image, [context.host, second.host]);
    const pair = await createPair([context, second], imageVm);
    for (const side of pair) await verifyGuest(side);
    await verifyWire(pair);
    await logIn(pair[0]);
    report.part("The VMs are deleted, and the second host is switched off");
    await Promise.all(pair.map(({ vm }) => job.deleteVm(vm.name)));
    await tearDown(second);
  },
};

const idOf = ({ name }: Vm): string => name.replace(/^vms\//, "");

/** Asked in the guest itself, and by its console. */
async function verifyGuest({ context, vm }: Side): Promise<void> {
  const { report, stack } = context;
  report.part(`What ${vm.name} says of itself`);
  const { mac, address } = vm.allocation ?? { mac: "", address: "" };
  const shown = await runInGuest(stack, vm.name, ["ip", "-o", "address", "show", "dev", "nic0"]);
  report.verify(shown.stdout.includes(`inet ${address} `), `it has ${address} on nic0`);
  const link = await runInGuest(stack, vm.name, ["cat", "/sys/class/net/nic0/address"]);
  report.verify(link.stdout.trim() === mac, `whose MAC is ${link.stdout.trim()}`);
  report.verify(await isSetByCloudInit(context, vm), "set by cloud-init, not through its agent");
  const log = await readGuestLog(stack, vm.name);
  report.show(
    log
      .split("\n")
      .filter((line) => line.includes("switchyard guest"))
      .join("\n"),
  );
  report.verify(log.includes(`${idOf(vm)} login:`), `its log shows "${idOf(vm)} login:"`);
}

/** Root's password is emptied by cloud-init's last stage. */
async function logIn({ context, vm }: Side): Promise<void> {
  const { report, stack } = context;
  report.part(`A person logs in on the console of ${vm.name}`);
  const log = await talkOnConsole(stack, vm.name, [
    { await: "login:", type: "root\r" },
    { await: ":~#", type: "hostname; id -un; exit\r" },
    { await: "login:", type: "" },
  ]);
  report.show(log.replaceAll("\r", "").trim());
  report.verify(/^root$/m.test(log.replaceAll("\r", "")), "root, and nobody asked for a password");
}

/** The step that would set the address found it there. */
async function isSetByCloudInit({ stack }: LabContext, { job }: Vm): Promise<boolean> {
  for await (const { body } of jobEvents(stack.client, job, { timeoutMs: EVENTS_MS })) {
    if (body?.$case !== "stepFinished" || !body.value.step.includes("GuestAddress")) continue;
    return !body.value.changed;
  }
  return true;
}
