import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import { libvirtDomain, qemuVm } from "@switchyard/model";
import { type GuestHardware, guestHardware } from "../../testing/guest-hardware.ts";
import { GUESTS } from "../../testing/guests.ts";

/*
 * What libvirt itself makes of our domains, where it is installed: `virsh domxml-to-native`, by the driver inside
 * virsh, with no daemon and a folder of its own. It starts nothing.
 */

const run = promisify(execFile);
const TIMEOUT_MS = 60_000;
const XML_SCHEMA = "/usr/share/libvirt/schemas/domain.rng";

/** Words of a line that libvirt quotes for a shell: `'it'\\''s'`. */
const wordsOf = (line: string): readonly string[] =>
  [...line.matchAll(/(?:[^\s'\\]+|'[^']*'|\\.)+/g)].map(([word]) =>
    word.replace(
      /'([^']*)'|\\(.)/g,
      (_, quoted?: string, escaped?: string) => quoted ?? escaped ?? "",
    ),
  );

/** domxml-to-native makes every NIC a tap of its own, without back end, address or alias. */
const withoutNics = ({ devices, ...rest }: GuestHardware) => ({
  ...rest,
  devices: devices.filter(({ kind }) => kind !== "nic"),
});

describe("our domains, asked of the libvirt that is installed here", () => {
  let folder = "";
  /** Why it can't be asked. */
  let missing: string | undefined;
  const virsh = (...words: readonly string[]) =>
    run("virsh", ["--connect", `qemu:///embed?root=${folder}`, ...words], { timeout: TIMEOUT_MS });

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "sy-libvirt-"));
    await mkdir(join(folder, "etc"));
    await writeFile(join(folder, "etc", "qemu.conf"), 'user = "root"\ngroup = "root"\n');
    missing = await virsh("version").then(
      () => undefined,
      ({ stderr, message }: Error & { readonly stderr?: string }) =>
        (stderr || message).trim().split("\n")[0],
    );
  });
  after(() => rm(folder, { recursive: true, force: true }));

  for (const [name, options] of Object.entries(GUESTS)) {
    it(`takes the domain and makes the same guest of it: ${name}`, async (context) => {
      if (missing !== undefined) {
        context.skip(`no libvirt that works here: ${missing}`);
        return;
      }
      const file = join(folder, "domain.xml");
      await writeFile(file, libvirtDomain(options));
      const { stdout } = await virsh("domxml-to-native", "qemu-argv", file);
      const words = wordsOf(stdout);
      const argv = words.slice(words.findIndex((word) => word.startsWith("/")));
      assert.deepEqual(
        withoutNics(guestHardware(argv)),
        withoutNics(guestHardware(qemuVm(options))),
      );
      await run("xmllint", ["--noout", "--relaxng", XML_SCHEMA, file]).catch((error: Error) => {
        // Not there is no fault of the domain's.
        if (!error.message.includes("ENOENT")) throw error;
        context.diagnostic("xmllint is not installed: the schema was not asked");
      });
    });
  }
});
