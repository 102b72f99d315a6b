/**
 * One word of a kernel command line: `quiet`, `iommu=pt`. Words in quotes may hold blanks.
 *
 * @see torvalds/linux Documentation/admin-guide/kernel-parameters.rst
 */
export type KernelArgument = string;

/** `KEY` or `KEY=VALUE` without blanks, quotes and what GRUB's shell would expand. */
const ARGUMENT = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}(=[A-Za-z0-9_.,:;/@+%-]{1,255})?$/;

export const isKernelArgument = (text: string): boolean => ARGUMENT.test(text);

/** Keys whose options are gathered from all their occurrences instead of the last one counting. */
const LIST_KEYS: ReadonlySet<string> = new Set(["pci"]);

/** Keys whose occurrences mean one thing each, so that a tool that replaces a key's value would break them. */
const REPEATED_KEYS: ReadonlySet<string> = new Set([
  "console",
  "earlycon",
  "hugepages",
  "hugepagesz",
  "rd.luks.uuid",
  "rd.lvm.lv",
]);

export const argumentKey = (argument: KernelArgument): string => argument.split("=", 1)[0] ?? "";
const argumentValue = (argument: KernelArgument): string | undefined =>
  argument.includes("=") ? argument.slice(argument.indexOf("=") + 1) : undefined;

/** Whether a profile may set the key: Switchyard leaves alone those that a bootloader tool would collapse. */
export const isSettable = (argument: KernelArgument): boolean =>
  !REPEATED_KEYS.has(argumentKey(argument));

/** Words of a command line, in order; a quoted part stays in its word. */
export const parseKernelArguments = (text: string): readonly KernelArgument[] =>
  text.match(/(?:[^\s"]|"[^"]*"?)+/g) ?? [];

const optionsOf = (argumentsNow: readonly KernelArgument[], key: string): readonly string[] =>
  argumentsNow
    .filter((each) => argumentKey(each) === key)
    .flatMap((each) => (argumentValue(each) ?? "").split(","))
    .filter((option) => option !== "");

/** Whether a command line has the argument in force: of a key given twice the last value counts. */
export function hasArgument(
  argumentsNow: readonly KernelArgument[],
  wanted: KernelArgument,
): boolean {
  const key = argumentKey(wanted);
  if (LIST_KEYS.has(key)) {
    const present = optionsOf(argumentsNow, key);
    return optionsOf([wanted], key).every((option) => present.includes(option));
  }
  return argumentsNow.findLast((each) => argumentKey(each) === key) === wanted;
}

/** Wanted arguments that a command line does not have in force. */
export const missingArguments = (
  argumentsNow: readonly KernelArgument[],
  wanted: readonly KernelArgument[],
): readonly KernelArgument[] => wanted.filter((each) => !hasArgument(argumentsNow, each));

/**
 * Wanted arguments as they must be given to a tool that replaces the value of a key: `pci=realloc` with a
 * `pci=nommconf` there is `pci=nommconf,realloc`.
 *
 * @param present arguments of all boot entries
 */
export const mergeArguments = (
  present: readonly KernelArgument[],
  wanted: readonly KernelArgument[],
): readonly KernelArgument[] =>
  wanted.map((each) => {
    const key = argumentKey(each);
    if (!LIST_KEYS.has(key)) return each;
    const options = [...optionsOf(present, key), ...optionsOf([each], key)];
    return `${key}=${[...new Set(options)].join(",")}`;
  });

/** One kernel that the machine can boot. */
export interface BootEntry {
  readonly kernelRelease: string;
  /** As the bootloader's tool names it: `/boot/vmlinuz-5.14.0-427.42.1.el9_4.x86_64`. */
  readonly kernelPath: string;
  readonly arguments: readonly KernelArgument[];
  readonly isDefault: boolean;
}

/** Wanted arguments that at least one boot entry does not have. */
export const missingInEntries = (
  entries: readonly BootEntry[],
  wanted: readonly KernelArgument[],
): readonly KernelArgument[] =>
  wanted.filter((each) => entries.some((entry) => !hasArgument(entry.arguments, each)));

/** Changes that bring an entry's arguments of some keys back to what they were. */
export interface ArgumentChange {
  readonly set: readonly KernelArgument[];
  readonly remove: readonly KernelArgument[];
}

/** What brings `now` back to `before`, as far as the keys go. */
export function changeBack(
  before: readonly KernelArgument[],
  now: readonly KernelArgument[],
  keys: readonly string[],
): ArgumentChange {
  const own = (list: readonly KernelArgument[]) =>
    list.filter((each) => keys.includes(argumentKey(each)));
  const was = own(before);
  const is = own(now);
  return {
    set: was.filter((each) => !is.includes(each)),
    remove: is.filter(
      (each) => !was.includes(each) && !was.some((old) => argumentKey(old) === argumentKey(each)),
    ),
  };
}
