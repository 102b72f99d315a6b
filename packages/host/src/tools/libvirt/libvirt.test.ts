import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fixture } from "../../testing/fixture.ts";
import { createScriptedHost } from "../../testing/scripted-host.ts";
import {
  isLibvirtRestartDue,
  readFormerLines,
  readLibvirtUser,
  readLibvirtVersion,
  restoreLibvirtUser,
  setLibvirtUser,
} from "./libvirt.ts";
import { parseQemuConf, restoreQemuConf, setQemuConf } from "./qemu-conf.ts";

const SHIPPED = fixture(import.meta.url, "qemu-conf.reference.txt");
const SEED = { user: "root", group: "kvm" };
const CONF = "/etc/libvirt/qemu.conf";

describe("setQemuConf", () => {
  it("makes the change of the seed procedure and keeps every other line", () => {
    const { text } = setQemuConf(SHIPPED, SEED);
    assert.equal(
      text,
      SHIPPED.replace('#user = "qemu"\n', 'user = "root"\n').replace(
        '#group = "qemu"\n',
        'group = "kvm"\n',
      ),
    );
    assert.deepEqual(parseQemuConf(text), SEED);
  });

  it("changes nothing the second time", () => {
    const { text } = setQemuConf(SHIPPED, SEED);
    assert.equal(setQemuConf(text, SEED).text, text);
  });

  it("changes a setting that is there, whatever its spaces, and not the prose around it", () => {
    const { text } = setQemuConf(`# user = the name\n  user="libvirt"\ngroup = 'x'\n`, SEED);
    assert.equal(text, `# user = the name\nuser = "root"\ngroup = "kvm"\n`);
  });

  it("takes the last of several settings, as libvirt does", () => {
    const { text } = setQemuConf(`user = "a"\nuser = "b"\ngroup = "kvm"\n`, SEED);
    assert.equal(text, `user = "a"\nuser = "root"\ngroup = "kvm"\n`);
  });

  it("is taken back to the exact former text, also twice, and for every way a file can look", () => {
    const files = [SHIPPED, "", "a = 1", "a = 1\n", `user = "b"\n`, `\tgroup = "x"\n#user = "y"\n`];
    for (const file of files) {
      const { text, former } = setQemuConf(file, SEED);
      assert.equal(restoreQemuConf(text, former), file, JSON.stringify(file));
      const again = restoreQemuConf(restoreQemuConf(text, former), former);
      assert.equal(parseQemuConf(again).user, parseQemuConf(file).user);
    }
  });

  it("leaves what others changed since when it is taken back", () => {
    const { text, former } = setQemuConf(SHIPPED, SEED);
    const edited = text.replace("#dynamic_ownership = 1", "dynamic_ownership = 0");
    assert.equal(
      restoreQemuConf(edited, former),
      SHIPPED.replace("#dynamic_ownership = 1", "dynamic_ownership = 0"),
    );
  });
});

describe("setLibvirtUser", () => {
  const ACTIVE = {
    "systemctl is-active libvirtd": { stdout: "active\n" },
    "systemctl is-active virtqemud": { exitCode: 3, stdout: "inactive\n" },
  };

  it("restarts the daemon that runs, and takes both back", async () => {
    const commands = { ...ACTIVE, "systemctl restart libvirtd": {} };
    const host = createScriptedHost({ commands, files: { [CONF]: SHIPPED } });
    const former = await readFormerLines(host, SEED);
    await setLibvirtUser(host, SEED);
    assert.deepEqual(await readLibvirtUser(host), SEED);
    assert.equal(await isLibvirtRestartDue(host), false);
    await restoreLibvirtUser(host, former);
    assert.equal(host.files.get(CONF), SHIPPED);
    assert.equal(host.ran.filter((each) => each === "systemctl restart libvirtd").length, 2);
  });

  it("remembers a restart that did not happen", async () => {
    const commands = { ...ACTIVE, "systemctl restart libvirtd": { exitCode: 1 } };
    const host = createScriptedHost({ commands, files: { [CONF]: SHIPPED } });
    await assert.rejects(setLibvirtUser(host, SEED), { reason: "COMMAND_FAILED" });
    assert.equal(await isLibvirtRestartDue(host), true);
  });

  it("refuses a host without libvirt, and has nothing to take back there", async () => {
    const host = createScriptedHost({});
    await assert.rejects(setLibvirtUser(host, SEED), { reason: "LIBVIRT_CONFIG_UNWRITABLE" });
    await restoreLibvirtUser(host, { user: undefined, group: undefined });
    assert.equal(await readLibvirtUser(host), undefined);
  });
});

describe("readLibvirtVersion", () => {
  it("asks whichever daemon there is", async () => {
    const commands = { "virtqemud --version": { stdout: "virtqemud (libvirt) 10.0.0\n" } };
    assert.equal(await readLibvirtVersion(createScriptedHost({ commands })), "10.0.0");
    assert.equal(await readLibvirtVersion(createScriptedHost({})), undefined);
  });
});
