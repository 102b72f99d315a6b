import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { QEMU_LINK, QEMU_OF_RHEL, qemuBuildCommands, qemuProgram } from "@switchyard/model";
import { createScriptedHost, type Reply } from "../../testing/scripted-host.ts";
import { buildQemu } from "./build.ts";
import { findQemuVersion, listQemus, readQemuLink } from "./installed.ts";

const SOURCE = { version: "9.0.4", archivePath: "/var/lib/switchyard/artefacts/abc", jobCount: 8 };
const signal = new AbortController().signal;

describe("buildQemu", () => {
  const script = (replies: readonly Reply[]) =>
    createScriptedHost({
      commands: Object.fromEntries(
        qemuBuildCommands(SOURCE).map((argv, at) => [argv.join(" "), replies[at] ?? {}]),
      ),
    });

  it("unpacks, configures with the seed procedure's flags, compiles and installs", async () => {
    const host = script([]);
    const stages = await buildQemu(host, SOURCE, signal);
    assert.deepEqual(
      stages.map(({ argv }) => argv[0]),
      ["tar", "env", "make", "make"],
    );
    assert.match(
      host.ran[1] ?? "",
      /--prefix=\/opt\/switchyard\/qemu-9\.0\.4 --enable-vhost-vdpa --enable-vnc --target-list=x86_64-softmmu --enable-kvm$/,
    );
    assert.match(host.ran[2] ?? "", / -j 8$/);
  });

  it("ends at the stage that fails and keeps what it said", async () => {
    const stderr = 'ERROR: Dependency "glib-2.0" not found, tried pkgconfig\n';
    const host = script([{}, { exitCode: 1, stderr }]);
    const stages = await buildQemu(host, SOURCE, signal);
    assert.equal(stages.length, 2);
    assert.equal(stages[1]?.output, stderr);
    assert.deepEqual(
      host.ran.map((line) => line.split(" ")[0]),
      ["tar", "env"],
    );
  });
});

describe("installed QEMUs", () => {
  const program = (version: string): Reply => ({ stdout: `QEMU emulator version ${version}\n` });

  it("are found where RHEL puts one and where one was built", async () => {
    const built = qemuProgram("9.0.4");
    const host = createScriptedHost({
      files: { [QEMU_OF_RHEL]: "", [built]: "" },
      links: { [QEMU_LINK]: QEMU_OF_RHEL },
      commands: {
        [`${QEMU_LINK} --version`]: program("8.2.0"),
        [`${QEMU_OF_RHEL} --version`]: program("8.2.0"),
        [`${built} --version`]: program("9.0.4"),
      },
    });
    assert.deepEqual(
      (await listQemus(host)).map(({ path, version }) => [path, version]),
      [
        [QEMU_LINK, "8.2.0"],
        [QEMU_OF_RHEL, "8.2.0"],
        [built, "9.0.4"],
      ],
    );
    assert.deepEqual(await readQemuLink(host), { kind: "link", target: QEMU_OF_RHEL });
  });

  it("may be none", async () => {
    const host = createScriptedHost({});
    assert.deepEqual(await listQemus(host), []);
    assert.deepEqual(await readQemuLink(host), { kind: "absent" });
    assert.equal(await findQemuVersion(host, QEMU_OF_RHEL), undefined);
  });

  it("tells a program of the distribution from a link", async () => {
    const host = createScriptedHost({ files: { [QEMU_LINK]: "" } });
    assert.deepEqual(await readQemuLink(host), { kind: "program" });
  });
});
