import { strerror } from "../machine/refusal.ts";
import { seedIsoFile } from "./disk-images.ts";
import { type Ended, failed, type Invoked, printed } from "./program.ts";

/** xorriso(1) as mkisofs, and genisoimage(1), of one flat folder. Texts: xorriso 1.5.4. */
export function mkisofs({ machine, args }: Invoked): Ended {
  const { files } = machine;
  const target = args[args.indexOf("-output") + 1] ?? "";
  const folder = args.at(-1) ?? "";
  if (!files.isFolder(folder)) {
    return failed(
      `xorriso : FAILURE : Cannot determine attributes of source file '${folder}' : ${strerror("ENOENT")}`,
      5,
    );
  }
  if (!files.isFolder(target.slice(0, target.lastIndexOf("/")))) {
    return failed(
      `libburn : SORRY : Neither stdio-path nor its directory exist\nxorriso : FAILURE : Cannot acquire drive 'stdio:${target}'`,
      5,
    );
  }
  const contents = files.list(folder).map((name) => [name, files.read(`${folder}/${name}`)]);
  files.write(target, seedIsoFile(Object.fromEntries(contents)));
  return printed("");
}
