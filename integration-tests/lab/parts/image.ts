import { ApiError, waitForJob } from "@switchyard/client";
import { Image, JobState, NicKind, Vm } from "@switchyard/proto";
import type { ImageSource, LabContext } from "../context.ts";
import { NETWORK } from "./network.ts";

export const IMAGE = "images/debian";
export const SMALL_IMAGE = "images/small";

/** Download, sum, check and conversion are single-threaded programs under emulation. */
const FETCH_MS = 900_000;

const MIB = 1024n * 1024n;
const VM_MEMORY = 256n * MIB;

/** Makes an image known and has the hosts fetch it; a host that has it already is not asked again. */
export async function ensureImage(
  { stack, report }: LabContext,
  { name, source: { url, sha256 } }: { readonly name: string; readonly source: ImageSource },
  hosts: readonly string[],
): Promise<void> {
  const { images } = stack.client;
  const spec = { source: url, sha256, format: "qcow2" };
  await images
    .createImage({ imageId: name.replace(/^images\//, ""), image: Image.fromPartial({ spec }) })
    .catch((error: unknown) => {
      if (!(error instanceof ApiError) || error.code !== "ALREADY_EXISTS") throw error;
    });
  const fetches = await Promise.all(hosts.map((host) => images.fetchImage({ name, host })));
  const jobs = await Promise.all(
    fetches.map(({ name }) => waitForJob(stack.client, name, { timeoutMs: FETCH_MS })),
  );
  report.verify(
    jobs.every(({ state }) => state === JobState.SUCCEEDED),
    `${name}: fetched from ${url}, checked and converted on ${hosts.join(", ")}`,
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

/** A VM that boots the small image: a guest agent and iperf3. */
export const smallImageVm = (hostSelector: Readonly<Record<string, string>>): Vm =>
  Vm.fromPartial({
    spec: {
      vcpuCount: 1,
      memoryBytes: VM_MEMORY,
      boot: { $case: "image", value: { image: SMALL_IMAGE } },
      nics: [{ network: NETWORK, kind: NicKind.VDPA, queuePairs: 1 }],
      hostSelector,
      hasGuestAgent: true,
    },
  });
