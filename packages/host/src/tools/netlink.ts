/** How devlink, vdpa and ip word a refusal of the kernel. */
export interface NetlinkAnswer {
  /** The extended ack without `Error:`, module prefix and final dot; undefined when there was none. */
  readonly text: string | undefined;
  /** From `kernel answers: …`; undefined when it is not one of the known ones. */
  readonly errno: string | undefined;
}

/** strerror(3) of the C locale, for the errno values that are told apart. */
const ERRNO_OF_TEXT: Readonly<Record<string, string>> = {
  "Operation not permitted": "EPERM",
  "No such file or directory": "ENOENT",
  "Interrupted system call": "EINTR",
  "Resource temporarily unavailable": "EAGAIN",
  "Cannot allocate memory": "ENOMEM",
  "Device or resource busy": "EBUSY",
  "File exists": "EEXIST",
  "No such device": "ENODEV",
  "Invalid argument": "EINVAL",
  "No space left on device": "ENOSPC",
  "Numerical result out of range": "ERANGE",
  "Cannot assign requested address": "EADDRNOTAVAIL",
  "Operation not supported": "EOPNOTSUPP",
  "Connection timed out": "ETIMEDOUT",
};

/**
 * Reads stderr of an iproute2 tool.
 *
 * @see iproute2/iproute2 lib/libnetlink.c (nl_dump_ext_ack), lib/mnl_utils.c; torvalds/linux
 *   include/linux/netlink.h (NL_SET_ERR_MSG_MOD puts the module's name before the text)
 */
export function parseNetlinkAnswer(stderr: string): NetlinkAnswer {
  const text = /^Error: (?:[a-z0-9_]+: )?(.*?)\.?$/m.exec(stderr)?.[1];
  const answer = /^(?:kernel|devlink|RTNETLINK) answers: (.*)$/m.exec(stderr)?.[1]?.trim();
  return { text, errno: answer === undefined ? undefined : ERRNO_OF_TEXT[answer] };
}

/** The tool found no such generic netlink family: the kernel module that serves it is not loaded. */
export const isFamilyAbsent = (stderr: string): boolean =>
  /^Failed to connect to (?:devlink|vdpa) Netlink/m.test(stderr);
