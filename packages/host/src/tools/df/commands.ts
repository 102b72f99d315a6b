import type { Argv } from "@switchyard/model";

/** Bytes free on the file system that holds a folder. @see df(1) */
export const dfAvailable = (folder: string): Argv => ["df", "-B1", "--output=avail", folder];

/** A line for each folder: where its file system is mounted, the folder, bytes in all, bytes free. */
export const dfSpace = (folders: readonly string[]): Argv => [
  "df",
  "-B1",
  "--output=target,file,size,avail",
  ...folders,
];
