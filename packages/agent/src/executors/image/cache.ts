import { listOptional, readFileSize, readOptional } from "@switchyard/host";
import {
  HostError,
  IMAGE_BASE_END,
  IMAGE_FOLDER,
  type ImagePaths,
  VM_DISK_FOLDER,
  vmDiskPaths,
} from "@switchyard/model";
import { type CachedImage, planEviction } from "@switchyard/planner";
import type { StepContext } from "../executor.ts";

/** What a host keeps, with the image that is coming. */
const ROOM = { countMax: 16, bytesMax: 256 * 1024 ** 3 } as const;

/** Leases are taken and images evicted one after the other. */
const LOCK = "image-cache";

/** Folder names a look goes through at most: more VMs than a host has slots. */
const LEASES_MAX = 4096;

/** Keys of images that VMs stand on. */
async function keysInUse({ observer }: StepContext): Promise<ReadonlySet<string>> {
  const keys = new Set<string>();
  const vms = await listOptional(observer, VM_DISK_FOLDER);
  if (vms.length > LEASES_MAX) {
    throw new HostError("IMAGE_CACHE_FULL", `${VM_DISK_FOLDER} has more than any host's VMs`, {
      found: `${vms.length} folders`,
      needs: `at most ${LEASES_MAX}`,
    });
  }
  for (const vm of vms) {
    const key = await readOptional(observer, vmDiskPaths(vm).lease);
    if (key !== undefined) keys.add(key);
  }
  return keys;
}

const pathsOfKey = (key: string) => ({
  base: `${IMAGE_FOLDER}/${key}${IMAGE_BASE_END}`,
  usedAt: `${IMAGE_FOLDER}/${key}.used`,
});

async function listCached({ observer }: StepContext): Promise<readonly CachedImage[]> {
  const names = await listOptional(observer, IMAGE_FOLDER);
  const keys = names
    .filter((name) => name.endsWith(IMAGE_BASE_END))
    .map((name) => name.slice(0, -IMAGE_BASE_END.length));
  const cached: CachedImage[] = [];
  for (const key of keys) {
    const { base, usedAt } = pathsOfKey(key);
    const sizeBytes = await readFileSize(observer, base);
    cached.push({ key, sizeBytes, usedAtMs: Number((await readOptional(observer, usedAt)) ?? 0) });
  }
  return cached;
}

/** Notes that a VM stands on the image; from then on it is not evicted. May run twice. */
export const takeLease = (context: StepContext, vm: string, key: string): Promise<void> =>
  context.locks.run(LOCK, () => context.host.replaceFile(vmDiskPaths(vm).lease, `${key}\n`));

/** Notes the use of an image, for the order in which they go. */
export const noteUse = ({ host, clock }: StepContext, { usedAt }: ImagePaths): Promise<void> =>
  host.replaceFile(usedAt, `${clock.nowMs()}\n`);

/**
 * Puts an image into the cache; others go for it where there is no room.
 *
 * @param path of the image that is ready
 * @param place puts it at its base
 * @throws HostError IMAGE_CACHE_FULL when those in use leave no room
 */
export async function admit(
  context: StepContext,
  paths: ImagePaths,
  ready: { readonly path: string; readonly place: () => Promise<void> },
): Promise<void> {
  await context.locks.run(LOCK, async () => {
    const incoming: CachedImage = {
      key: paths.key,
      sizeBytes: await readFileSize(context.observer, ready.path),
      usedAtMs: context.clock.nowMs(),
    };
    const cached = [...(await listCached(context)), incoming];
    const inUse = new Set([...(await keysInUse(context)), paths.key]);
    const evicted = planEviction(cached, { inUse, room: ROOM });
    if (evicted === undefined) {
      throw new HostError("IMAGE_CACHE_FULL", "the host's image cache is full", {
        found: `${cached.length} images, ${inUse.size} of them in use`,
        needs: `at most ${ROOM.countMax} images of ${ROOM.bytesMax} bytes together`,
      });
    }
    for (const key of evicted) {
      context.say(`evicting image ${key}: no VM uses it, and others were used later`);
      const { base, usedAt } = pathsOfKey(key);
      await context.host.remove(base);
      await context.host.remove(usedAt);
    }
    await noteUse(context, paths);
    await ready.place();
  });
}
