import { readArchive } from "./archive-files.ts";
import { type Ended, failed, type Invoked, printed } from "./program.ts";

const EXIT_FATAL = 2;

const optionValue = (args: readonly string[], names: readonly string[]): string =>
  args[args.findIndex((arg) => names.includes(arg)) + 1] ?? "";

/**
 * tar(1), unpacking: `--extract --file ARCHIVE --directory FOLDER --strip-components=1`. The
 * programs of an archive hold what the archive is, and behave by it.
 */
export function tar({ machine, args }: Invoked): Ended {
  const path = optionValue(args, ["--file", "-f", "-xf", "-xvzf"]);
  const folder = optionValue(args, ["--directory", "-C"]);
  const { files } = machine;
  if (!files.isFile(path)) {
    const why =
      "Cannot open: No such file or directory\ntar: Error is not recoverable: exiting now";
    return failed(`tar: ${path}: ${why}`, EXIT_FATAL);
  }
  if (!files.isFolder(folder)) {
    return failed(`tar: ${folder}: Cannot open: No such file or directory`, EXIT_FATAL);
  }
  const text = files.read(path);
  const archive = readArchive(text);
  if (archive === undefined || archive.kind === "doca-host") {
    return failed(
      "tar: This does not look like a tar archive\ntar: Exiting with failure status due to previous errors",
      EXIT_FATAL,
    );
  }
  const program = archive.kind === "mlnx-ofed" ? "mlnxofedinstall" : "configure";
  files.write(`${folder}/${program}`, text);
  files.setMode(`${folder}/${program}`, 0o755);
  return printed("");
}
