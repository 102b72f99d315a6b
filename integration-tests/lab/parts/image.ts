import { ApiError, waitForJob } from "@switchyard/client";
import { Image, JobState, NicKind, Vm } from "@switchyard/proto";
import type { LabContext } from "../context.ts";
import { NETWORK } from "./network.ts";

const IMAGE_ID = "debian";
export const IMAGE = `images/${IMAGE_ID}`;

/** Download, sum, check and conversion are single-threaded programs under emulation. */
const FETCH_MS = 900_000;

const MIB = 1024n * 1024n;
const VM_MEMORY = 256n * MIB;

/** Makes the lab's image known and has the hosts fetch it; a host that has it already is not asked again. */
export async function ensureImage(
  { stack, report, image }: LabContext,
  hosts: readonly string[],
): Promise<void> {
  const { images } = stack.client;
  const spec = { source: image.url, sha256: image.sha256, format: "qcow2" };
  await images
    .createImage({ imageId: IMAGE_ID, image: Image.fromPartial({ spec }) })
    .catch((error: unknown) => {
      if (!(error instanceof ApiError) || error.code !== "ALREADY_EXISTS") throw error;
    });
  const fetches = await Promise.all(hosts.map((host) => images.fetchImage({ name: IMAGE, host })));
  const jobs = await Promise.all(
    fetches.map(({ name }) => waitForJob(stack.client, name, { timeoutMs: FETCH_MS })),
  );
  report.verify(
    jobs.every(({ state }) => state === JobState.SUCCEEDED),
    `${IMAGE}: fetched from ${image.url}, checked and converted on ${hosts.join(", ")}`,
  );
}

/**
 * A VM that boots the image, root's password emptied for its console.
 *
 * @param hostSelector which hosts it may be on, then and later
 */
export const imageVm = (hostSelector: Readonly<Record<string, string>>): Vm =>
  Vm.fromPartial({
    spec: {
      vcpuCount: 1,
      memoryBytes: VM_MEMORY,
      boot: {
        $case: "image",
        value: { image: IMAGE, guestSetup: { developmentEmptyRootPassword: true } },
      },
      nics: [{ network: NETWORK, kind: NicKind.VDPA, queuePairs: 1 }],
      hostSelector,
      hasGuestAgent: true,
    },
  });
