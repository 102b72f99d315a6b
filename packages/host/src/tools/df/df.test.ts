import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createScriptedHost, type Reply } from "../../testing/scripted-host.ts";
import { readAvailableBytes, readDisks } from "./df.ts";

const GIB = 1024 ** 3;

describe("readAvailableBytes", () => {
  it("is what df says, and undefined where it says nothing", async () => {
    const read = (commands: Readonly<Record<string, Reply>>) =>
      readAvailableBytes(createScriptedHost({ commands }), "/tmp");
    const key = "df -B1 --output=avail /tmp";
    assert.equal(await read({ [key]: { stdout: "     Avail\n6442450944\n" } }), 6 * GIB);
    assert.equal(
      await read({ [key]: { exitCode: 1, stderr: "df: /tmp: No such file" } }),
      undefined,
    );
    assert.equal(await read({}), undefined);
  });
});

describe("readDisks", () => {
  const read = (reply: Reply) =>
    readDisks(
      createScriptedHost({
        commands: {
          "df -B1 --output=target,file,size,avail / /boot /tmp /var /var/lib/switchyard": reply,
        },
      }),
    );
  const line = (target: string, file: string, size: number, avail: number) =>
    `${target.padEnd(10)} ${file.padEnd(5)} ${size} ${avail}\n`;
  const header = "Mounted on File    1B-blocks        Avail\n";

  it("tells each file system once, its free bytes rounded down", async () => {
    const stdout =
      header +
      line("/", "/", 70 * GIB, 20 * GIB + 5) +
      line("/boot", "/boot", GIB, 0.3 * GIB - 0.2) +
      line("/", "/tmp", 70 * GIB, 20 * GIB + 5) +
      line("/var", "/var", 300 * GIB, 100 * GIB - 1) +
      line("/var/lib/switchyard", "/var/lib/switchyard", 0, 0);
    assert.deepEqual(await read({ stdout: stdout.replace(/\.\d+/g, "") }), [
      { path: "/", sizeBytes: 70 * GIB, availableBytes: 20 * GIB },
      { path: "/boot", sizeBytes: GIB, availableBytes: (9 * GIB) / 32 },
      { path: "/var", sizeBytes: 300 * GIB, availableBytes: 99.75 * GIB },
    ]);
  });

  it("goes without a folder that is absent, and fails where df tells of none", async () => {
    const stderr = "df: /boot: No such file or directory\n";
    const found = await read({ exitCode: 1, stdout: header + line("/", "/", GIB, 0), stderr });
    assert.deepEqual(
      found.map(({ path }) => path),
      ["/"],
    );
    await assert.rejects(read({ exitCode: 1, stderr: "df: unrecognized option\n" }), {
      reason: "COMMAND_FAILED",
    });
  });
});
