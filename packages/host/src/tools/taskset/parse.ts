/** `pid 4711's current affinity list: 0-79`. @see util-linux schedutils/taskset.c */
export const parseAffinity = (text: string): string | undefined =>
  /^pid \d+'s current affinity list: (\S+)$/m.exec(text)?.[1];
