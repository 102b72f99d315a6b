/** Records a watch begins with at most; the newest of those that are listed newest first. */
export const SNAPSHOT_MAX = 20_000;
