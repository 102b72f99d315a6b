import { NicKind, NicSpec } from "@switchyard/client";
import type { Context } from "../../context.ts";
import { parseBytes } from "../../input/bytes.ts";
import { addMutationOptions } from "../../input/mutation.ts";
import { resourceName } from "../../input/names.ts";
import { parseInteger } from "../../input/pairs.ts";
import { defineVerb } from "../../verb.ts";
import { type ChangeOptions, changeVm } from "./change-vm.ts";

interface Options extends ChangeOptions {
  readonly vcpus?: string;
  readonly memory?: string;
  readonly queues?: string;
  readonly diskSize?: string;
}

const bytes = (text: string | undefined) => text && parseBytes(text).toString();

/** The VM's NICs, each vDPA one with so many queue pairs. */
async function nicsWith(context: Context, name: string, queuePairs: number) {
  const { vms } = await context.client();
  const { spec } = await vms.getVm({ name: resourceName("vms", name) });
  return spec?.nics.map((nic) =>
    NicSpec.toJSON(nic.kind === NicKind.VDPA ? { ...nic, queuePairs } : nic),
  );
}

/** The new size is in force with the next start. */
export const verb = defineVerb<Options>({
  configure: (command) => {
    command
      .argument("<vm>", "stopped")
      .option("--vcpus <n>", "virtual CPUs")
      .option("--memory <size>", "such as 4GiB")
      .option(
        "--queues <n>",
        "virtqueue pairs of each vDPA NIC; 0: as many as vCPUs and slot allow",
      )
      .option("--disk-size <size>", "of its own disk, which grows only")
      .option("--etag <etag>", "only if the VM is still the one with this etag");
    addMutationOptions(command, { dryRun: true, wait: false });
  },
  run: async ({ context, args: [name = ""], options }) =>
    changeVm(context, {
      name,
      options,
      change: {
        vcpu_count: options.vcpus === undefined ? undefined : parseInteger(options.vcpus),
        memory_bytes: bytes(options.memory),
        nics: options.queues && (await nicsWith(context, name, parseInteger(options.queues))),
        "image.disk_bytes": bytes(options.diskSize),
      },
      flags: "--vcpus, --memory, --queues or --disk-size",
    }),
});
