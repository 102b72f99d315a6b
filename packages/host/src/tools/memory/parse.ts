/** CPUs in a list such as `0-3,8,10-11`; none in an empty one. @see cpuset(7), List format */
export function parseCpuCount(text: string): number {
  return text
    .trim()
    .split(",")
    .reduce((sum, range) => {
      const [first, last = first] = range.split("-");
      return range === "" ? sum : sum + Number(last) - Number(first) + 1;
    }, 0);
}

/** `Node 0 MemTotal:  98304 kB`, whose kB are KiB. */
export const parseNodeMemoryBytes = (text: string): number =>
  Number(/^Node \d+ MemTotal:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) * 1024;
