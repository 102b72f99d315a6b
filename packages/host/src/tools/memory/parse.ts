/** CPUs of a list such as `0-3,8,10-11`, as they are listed. @see cpuset(7), List format */
export const parseCpuList = (text: string): readonly number[] =>
  text
    .trim()
    .split(",")
    .filter((range) => range !== "")
    .flatMap((range) => {
      const [first = 0, last = first] = range.split("-").map(Number);
      return Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => first + at);
    });

/** `Node 0 MemTotal:  98304 kB`, whose kB are KiB. */
export const parseNodeMemoryBytes = (text: string): number =>
  Number(/^Node \d+ MemTotal:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) * 1024;
