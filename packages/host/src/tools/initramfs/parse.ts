/** Seconds since the epoch by path. */
export const parseModificationTimes = (text: string): ReadonlyMap<string, number> =>
  new Map(
    text
      .split("\n")
      .map((line) => line.split(" "))
      .filter(([, time]) => time !== undefined)
      .map(([path = "", time]) => [path, Number(time)]),
  );
