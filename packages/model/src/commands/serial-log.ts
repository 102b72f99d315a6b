import type { Argv } from "./argv.ts";

const BLOCK_BYTES = 64 * 1024;

/** What is read of a file, from its byte `skip`. */
const pieceOf = (path: string, skip: number): readonly string[] => [
  `if=${path}`,
  `bs=${BLOCK_BYTES}`,
  `skip=${skip}`,
  "status=none",
];

/** Prints `count` bytes of a file from its byte `skip`. @see dd(1), skip_bytes, count_bytes */
export const printPiece = (path: string, skip: number, count: number): Argv => [
  "dd",
  ...pieceOf(path, skip),
  "iflag=skip_bytes,count_bytes,fullblock",
  `count=${count}`,
];

/** Copies a file from its byte `skip` to its end over another. @see dd(1), skip_bytes */
export const copyEnd = (path: string, skip: number, target: string): Argv => [
  "dd",
  ...pieceOf(path, skip),
  "iflag=skip_bytes",
  `of=${target}`,
];

/** Empties a file that another process appends to: its next write is at the new end. @see open(2), O_APPEND */
export const emptyFile = (path: string): Argv => ["truncate", "--size=0", "--", path];
