import { GuestSetupMethod } from "@switchyard/client";
import type { Command } from "commander";
import { type Context, readNamedFile } from "../../context.ts";
import { parseBytes } from "../../input/bytes.ts";
import { resourceName } from "../../input/names.ts";
import { collect } from "../../input/pairs.ts";

/** What cloud-init does in a guest that boots from an image. */
export interface GuestOptions {
  readonly image?: string;
  readonly diskSize?: string;
  readonly cloudInit?: boolean;
  readonly editDisk?: boolean;
  readonly user?: string;
  readonly sshKey?: readonly string[];
  readonly unmanagedNic?: boolean;
  readonly developmentEmptyRootPassword?: boolean;
}

export function addGuestOptions(command: Command): void {
  command
    .option("--user <name>", "with --image: account with sudo and the keys")
    .option("--ssh-key <file|key>", "public key, or its file; may be repeated", collect)
    .option("--unmanaged-nic", "NetworkManager in the guest leaves the NIC alone")
    .option("--no-cloud-init", "give the guest no cloud-init seed")
    .option("--edit-disk", "set the guest up in its disk, for images without cloud-init")
    .option(
      "--development-empty-root-password",
      "for development only: whoever reaches a console is root",
    );
}

const KEY = /^(sk-)?(ssh|ecdsa)-/;

/** Keys as lines, those that are files read. @throws UsageError */
export const readSshKeys = (
  context: Context,
  keys: readonly string[] | undefined,
): Promise<readonly string[]> | undefined =>
  keys &&
  Promise.all(
    keys.map(async (key) =>
      KEY.test(key) ? key : (await readNamedFile(context.io, key, "--ssh-key")).trim(),
    ),
  );

/** The boot from an image that the flags make. @throws UsageError */
export function imageBootOfFlags(image: string, options: GuestOptions): Record<string, unknown> {
  const { diskSize, cloudInit, user = "", sshKey = [] } = options;
  const guestSetup = {
    user,
    sshKeys: sshKey,
    unmanagedNic: options.unmanagedNic === true,
    developmentEmptyRootPassword: options.developmentEmptyRootPassword === true,
    method: options.editDisk ? GuestSetupMethod.DISK_EDIT : GuestSetupMethod.CLOUD_INIT,
  };
  return {
    image: resourceName("images", image),
    ...(diskSize !== undefined && { diskBytes: parseBytes(diskSize).toString() }),
    ...(cloudInit !== false && { guestSetup }),
  };
}
