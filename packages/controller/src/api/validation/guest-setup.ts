import {
  type BootSource,
  type GuestSetup,
  LIMITS_OF_GUEST_SETUP,
  LIMITS_OF_IMAGES,
} from "@switchyard/model";
import {
  GuestSetupMethod,
  type ImageBoot,
  type GuestSetup as ProtoGuestSetup,
} from "@switchyard/proto";
import { imageName } from "./names.ts";
import type { Violations } from "./violations.ts";

/** @see useradd(8) */
const USER = /^[a-z_][a-z0-9_-]{0,31}$/;
/** Type, key, comment; no options in front, which may run commands. @see sshd(8), AUTHORIZED_KEYS FILE FORMAT */
const SSH_KEY = /^(sk-)?(ssh|ecdsa)-[a-z0-9@.-]+ [A-Za-z0-9+/]+={0,3}( [\x20-\x7e]*)?$/;
const DISK_ALIGNMENT = 512n;

function readGuestSetup(setup: ProtoGuestSetup, violations: Violations): GuestSetup {
  const { user, sshKeys, unmanagedNic, developmentEmptyRootPassword } = setup;
  const isUser = user === "" || USER.test(user);
  violations.check(isUser && user !== "root", "user", "must be a name of its own, and not root");
  const { sshKeysMax, sshKeyLengthMax } = LIMITS_OF_GUEST_SETUP;
  violations.check(sshKeys.length <= sshKeysMax, "ssh_keys", `has more than ${sshKeysMax} entries`);
  for (const [at, key] of sshKeys.slice(0, sshKeysMax).entries()) {
    violations.check(
      key.length <= sshKeyLengthMax && SSH_KEY.test(key),
      `ssh_keys[${at}]`,
      "must be one public key as in a .pub file",
    );
  }
  const isEdit = setup.method === GuestSetupMethod.DISK_EDIT;
  violations.check(!isEdit || user === "", "user", "is made by cloud-init only");
  violations.check(!isEdit || !unmanagedNic, "unmanaged_nic", "is set by cloud-init only");
  return {
    method: isEdit ? "disk-edit" : "cloud-init",
    ...(user !== "" && { user }),
    sshKeys,
    isNicUnmanaged: unmanagedNic,
    hasEmptyRootPassword: developmentEmptyRootPassword,
  };
}

/** The boot from an image as the model has it; undefined when its name is not valid. */
export function readImageBoot(boot: ImageBoot, violations: Violations): BootSource | undefined {
  const image = violations.parse("image", boot.image, imageName.parse);
  const { diskBytes } = boot;
  const max = BigInt(LIMITS_OF_IMAGES.virtualSizeBytesMax);
  violations.check(
    diskBytes >= 0n && diskBytes <= max && diskBytes % DISK_ALIGNMENT === 0n,
    "disk_bytes",
    `is ${diskBytes}; must be 0 to ${max}, a multiple of 512`,
  );
  const guestSetup =
    boot.guestSetup && readGuestSetup(boot.guestSetup, violations.at("guest_setup"));
  return (
    image && {
      kind: "image",
      image,
      ...(diskBytes > 0n && { diskBytes: Number(diskBytes) }),
      ...(guestSetup !== undefined && { guestSetup }),
    }
  );
}
