import { createHash } from "node:crypto";
import type { SwitchyardClient } from "@switchyard/client";
import { qcow2File } from "@switchyard/hostsim";
import { Image, Vm } from "@switchyard/proto";

/** A disk image that a simulated web serves: `createSimWeb({ [TEST_IMAGE.url]: TEST_IMAGE.file })`. */
export const TEST_IMAGE = {
  name: "images/rocky9",
  url: "https://images.example/rocky9",
  file: qcow2File({ virtualSizeBytes: 1024 ** 3, content: "rocky9" }),
} as const;

/** Tells the controller of it. */
export async function importTestImage({ images }: SwitchyardClient): Promise<void> {
  await images.createImage({
    imageId: TEST_IMAGE.name.replace("images/", ""),
    image: Image.fromPartial({
      spec: {
        source: TEST_IMAGE.url,
        sha256: createHash("sha256").update(TEST_IMAGE.file).digest("hex"),
        format: "qcow2",
      },
    }),
  });
}

/** A small VM of the image with a guest agent, on `networks/lan`. */
export const testVm = (hostSelector: Readonly<Record<string, string>> = {}): Vm =>
  Vm.fromPartial({
    spec: {
      vcpuCount: 1,
      memoryBytes: 1n << 30n,
      boot: { $case: "image", value: { image: TEST_IMAGE.name } },
      network: "networks/lan",
      queuePairs: 1,
      hasGuestAgent: true,
      hostSelector,
    },
  });

/** Of one of its NICs, without the prefix length; empty where it has none. */
export const addressOf = (vm: Vm | undefined, nic = 0): string =>
  vm?.allocation?.nics[nic]?.address.split("/")[0] ?? "";
