/** Program and arguments, never a shell string. */
export type Argv = readonly [program: string, ...args: string[]];
