/** RLIMIT_MEMLOCK's soft limit in bytes. @see proc_pid_limits(5) */
export function parseMemoryLock(limits: string): "unlimited" | number | undefined {
  const soft = /^Max locked memory +(\S+)/m.exec(limits)?.[1];
  if (soft === undefined) return undefined;
  return soft === "unlimited" ? soft : Number(soft);
}
