import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { accessSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const UNITS = fileURLToPath(new URL("../../deploy/systemd/", import.meta.url));
const ANALYZE = "/usr/bin/systemd-analyze";
const run = promisify(execFile);

/** What systemd-analyze itself thinks of a sandbox: 0 is none needed, 10 is none there. */
const EXPOSURE_MAX = 2.5;

function whyNot(): string | false {
  try {
    accessSync(ANALYZE);
    return false;
  } catch {
    return `${ANALYZE} is not here`;
  }
}

describe("units", { skip: whyNot() }, () => {
  let folder: string;
  let units: readonly string[];
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "sy-units-"));
    units = (await readdir(UNITS)).filter((name) => name.endsWith(".service"));
    for (const name of units) {
      // The program need not be where the package puts it.
      const text = await readFile(join(UNITS, name), "utf8");
      await writeFile(join(folder, name), text.replaceAll("/usr/bin/node", process.execPath));
    }
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it("are understood by systemd, to the last word", async () => {
    const paths = units.map((name) => join(folder, name));
    const { stdout, stderr } = await run(ANALYZE, ["verify", "--man=no", ...paths]);
    const ours = `${stdout}${stderr}`.split("\n").filter((line) => line.includes("switchyard"));
    assert.deepEqual(ours, []);
  });

  for (const name of ["switchyard-controller.service", "switchyard-nats.service"]) {
    it(`${name} is locked down`, async () => {
      const limit = `--threshold=${EXPOSURE_MAX * 10}`;
      await run(ANALYZE, ["security", "--offline=yes", limit, join(folder, name)]);
    });
  }

  it("have users and folders that systemd can make", async () => {
    const root = await mkdtemp(join(tmpdir(), "sy-root-"));
    try {
      await mkdir(join(root, "etc"));
      await run("systemd-sysusers", [`--root=${root}`, join(UNITS, "switchyard.sysusers.conf")]);
      const passwd = await readFile(join(root, "etc/passwd"), "utf8");
      assert.match(passwd, /^switchyard:/m);
      assert.match(passwd, /^switchyard-nats:/m);
      for (const name of ["switchyard.tmpfiles.conf", "switchyard-agent.tmpfiles.conf"]) {
        const copy = join(root, name);
        await copyFile(join(UNITS, name), copy);
        await run("systemd-tmpfiles", [`--root=${root}`, "--create", "--dry-run", copy]).catch(
          // systemd 253 and newer can rehearse; an older one makes them, which only root may.
          () =>
            process.getuid?.() === 0
              ? run("systemd-tmpfiles", [`--root=${root}`, "--create", copy])
              : undefined,
        );
      }
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  });
});
