import { diskOf, freeBytesOn } from "../machine/disks.ts";
import { type Ended, failed, type Invoked } from "./program.ts";

/** Fields of df in the order in which it knows them, with their headers. @see df(1), --output */
const HEADERS = {
  target: "Mounted on",
  file: "File",
  size: "1B-blocks",
  avail: "Avail",
} as const;
type Field = keyof typeof HEADERS;

const isField = (name: string): name is Field => Object.hasOwn(HEADERS, name);

/** df(1): `-B1 --output=FIELD,… FOLDER…`. */
export function df({ machine, args }: Invoked): Ended {
  const names = args.find((arg) => arg.startsWith("--output="))?.slice("--output=".length) ?? "";
  const fields = names.split(",").filter(isField);
  const unknown = names.split(",").find((name) => !isField(name));
  if (unknown !== undefined) return failed(`df: option --output: field '${unknown}' unknown`);
  const rows = args
    .filter((arg) => !arg.startsWith("-"))
    .map((file) => {
      const disk = diskOf(file);
      const values = {
        target: disk.mountedOn,
        file,
        size: String(disk.sizeBytes),
        avail: String(freeBytesOn(machine, disk)),
      };
      return fields
        .map((field) => values[field].padEnd(16))
        .join(" ")
        .trimEnd();
    });
  const header = fields
    .map((field) => HEADERS[field].padEnd(16))
    .join(" ")
    .trimEnd();
  return { exitCode: 0, stdout: [header, ...rows].map((line) => `${line}\n`).join(""), stderr: "" };
}
