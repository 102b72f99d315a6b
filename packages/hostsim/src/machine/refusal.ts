/** Words of glibc's strerror for the errors this kernel answers with. */
const WORDS = {
  EPERM: "Operation not permitted",
  ENOENT: "No such file or directory",
  EIO: "Input/output error",
  EAGAIN: "Resource temporarily unavailable",
  ENOMEM: "Cannot allocate memory",
  EACCES: "Permission denied",
  EBUSY: "Device or resource busy",
  EEXIST: "File exists",
  ENODEV: "No such device",
  ENOTDIR: "Not a directory",
  EISDIR: "Is a directory",
  EINVAL: "Invalid argument",
  ENOSPC: "No space left on device",
  ERANGE: "Numerical result out of range",
  EOPNOTSUPP: "Operation not supported",
  ECONNREFUSED: "Connection refused",
} as const;

export type Errno = keyof typeof WORDS;

export const strerror = (errno: string): string =>
  Object.hasOwn(WORDS, errno) ? WORDS[errno as Errno] : errno;

/** The kernel said no: an errno, and the extended acknowledgement where the code path sets one. */
export class Refusal extends Error {
  readonly errno: Errno;
  readonly extack: string | undefined;

  constructor(errno: Errno, extack?: string) {
    super(extack === undefined ? errno : `${errno}: ${extack}`);
    this.name = "Refusal";
    this.errno = errno;
    this.extack = extack;
  }
}

/** The machine went away (reboot) under an operation: it neither fails nor ends. */
export class MachineGone extends Error {
  constructor() {
    super("the machine was rebooted");
    this.name = "MachineGone";
  }
}
