type EnumTable = Readonly<Record<string, number>>;

/** The word for a value of a proto enum: `NEEDS_OPERATOR` reads `needs-operator`; nothing for unspecified. */
export function enumWord(table: EnumTable, value: number): string {
  if (value === 0) return "";
  const key = Object.keys(table).find((name) => table[name] === value);
  return (key ?? "unrecognized").toLowerCase().replaceAll("_", "-");
}

/** The last part of a resource name: `hosts/r740-07` reads `r740-07`. */
export const shortName = (name: string): string => name.slice(name.lastIndexOf("/") + 1);

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;

/** Bytes in the largest binary unit that leaves at least one: `384 GiB`, `1.5 GiB`. */
export function formatBytes(bytes: bigint | number): string {
  let value = Number(bytes);
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${Number.isInteger(value) ? value : value.toFixed(1)} ${UNITS[unit]}`;
}

/** Time since, in its two largest units at most: `3s`, `4m`, `2h10m`, `5d`. */
export function formatAge(since: Date | undefined, nowMs: number): string {
  if (since === undefined) return "";
  const seconds = Math.max(0, Math.floor((nowMs - since.getTime()) / 1000));
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 10) return minutes % 60 === 0 ? `${hours}h` : `${hours}h${minutes % 60}m`;
  return hours < 48 ? `${hours}h` : `${Math.floor(hours / 24)}d`;
}

/** Time of day with milliseconds, UTC: logs of hosts in many zones stand side by side. */
export const formatTime = (time: Date | undefined): string =>
  time === undefined ? "" : time.toISOString().slice(11, 23);

export const formatTimestamp = (time: Date | undefined): string =>
  time === undefined ? "" : time.toISOString();

/** `a=1, b=2`, in the order of the keys. */
export const formatLabels = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`)
    .join(", ");

export const count = (value: number, noun: string): string =>
  `${value} ${noun}${value === 1 ? "" : "s"}`;
