import { sealForHost } from "@switchyard/bus";
import {
  addTlsKey,
  exportDisk,
  findDefaultRoutes,
  findDiskNode,
  listenForMemory,
  listLinks,
  prepareMigration,
  type QmpSession,
} from "@switchyard/host";
import {
  cidrAddress,
  HostError,
  MIGRATION_LIMITS,
  type MigrationChannel,
  migrationKeyPurpose,
  type StepArguments,
  vmDiskPaths,
  vmPaths,
} from "@switchyard/model";
import { systemRandom } from "@switchyard/runtime";
import type { StepContext } from "../executors/executor.ts";
import { withQmp } from "../vm-runtime/with-qmp.ts";
import { addToNote, writeKey } from "./migration-note.ts";

const KEY_BYTES = 32;

/** The address by which the host is managed: that of its default route. @throws HostError MIGRATION_NO_PORT */
async function findManagementAddress({ host }: StepContext): Promise<string> {
  const routes = await findDefaultRoutes(host);
  const links = await listLinks(host);
  for (const { netdev } of routes) {
    const [cidr] = links.find((link) => link.netdev === netdev)?.addresses ?? [];
    if (cidr !== undefined) return cidrAddress(cidr);
  }
  throw new HostError("MIGRATION_NO_PORT", "the host's management address is not known", {
    found: routes.length === 0 ? "no default route" : "a default route by a netdev without address",
    needs: "a default route by a netdev with an IPv4 address",
  });
}

/** Takes the first port that is free, and says which. @throws HostError MIGRATION_NO_PORT */
async function takePort(
  listen: (port: number) => Promise<boolean>,
  first: number,
): Promise<number> {
  for (let port = first; port <= MIGRATION_LIMITS.lastPort; port += 1) {
    if (await listen(port)) return port;
  }
  const { firstPort, lastPort } = MIGRATION_LIMITS;
  throw new HostError("MIGRATION_NO_PORT", "no port is free for a VM that comes", {
    found: `all of ${firstPort} to ${lastPort} are taken`,
    needs: "two free ports",
  });
}

async function listen(
  session: QmpSession,
  place: { readonly vm: string; readonly address: string },
): Promise<Pick<MigrationChannel, "memoryPort" | "diskPort">> {
  const { vm, address } = place;
  const disk = await findDiskNode(session, vmDiskPaths(vm).disk);
  const { firstPort } = MIGRATION_LIMITS;
  const memoryPort = await takePort(
    (port) => listenForMemory(session, { address, port }),
    firstPort,
  );
  if (disk === undefined) return { memoryPort, diskPort: undefined };
  const { node } = disk;
  const diskPort = await takePort(
    (port) => exportDisk(session, { address, port, node }),
    memoryPort + 1,
  );
  return { memoryPort, diskPort };
}

/**
 * Has a QEMU that was started to wait listen for disk and memory, for whoever has a key made for this move, which is
 * told to the sender alone. Not to be run twice on one QEMU. The ports are closed by QEMU: the disk's when the guest goes on, both when it ends.
 *
 * @throws HostError MIGRATION_NO_PORT
 */
export async function openChannel(
  context: StepContext,
  { vm: { vm }, move, sender }: StepArguments["ensureVmAwaited"],
): Promise<void> {
  const address = await findManagementAddress(context);
  const key = systemRandom.hex(KEY_BYTES);
  await writeKey(context, vm, key);
  const ports = await withQmp(context, vm, async (session) => {
    await addTlsKey(session, { folder: vmPaths(vm).tlsFolder, endpoint: "server" });
    const { bytesPerSecondMax: bytesPerSecond, downtimeMsMax: downtimeMs } = MIGRATION_LIMITS;
    await prepareMigration(session, { bytesPerSecond, downtimeMs, isSource: false });
    return listen(session, { vm, address });
  });
  const sealedKey = sealForHost(sender, Buffer.from(key, "hex"), migrationKeyPurpose(move));
  await addToNote(context.host, vm, { channel: { move, address, sealedKey, ...ports } });
  context.say(`${vm} is waited for at ${address}, port ${ports.memoryPort}`);
}
