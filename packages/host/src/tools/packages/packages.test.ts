import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { aptGetInstall, aptGetUpdate, DISTRO_PROFILES, dnfInstall } from "@switchyard/model";
import { fixture } from "../../testing/fixture.ts";
import { createScriptedHost, type Reply } from "../../testing/scripted-host.ts";
import { packageQuery } from "./commands.ts";
import { installPackages, listInstalledPackages } from "./packages.ts";
import { parseDnfRepositories } from "./parse.ts";
import { isRepositoryReady, listEnabledRepositories } from "./repositories.ts";

const RPM_QUERY = packageQuery("rhel").join(" ");
const DNF = dnfInstall(["kernel-devel-5.14.0-427.13.1.el9_4.x86_64"]).join(" ");

const refusal = async (reply: Reply) => {
  const host = createScriptedHost({ commands: { [DNF]: { exitCode: 1, ...reply } } });
  const install = installPackages(host, "rhel", ["kernel-devel-5.14.0-427.13.1.el9_4.x86_64"]);
  return await install.then(
    () => assert.fail("it was installed"),
    (error: { reason: string; metadata: Record<string, string>; retry: string }) => error,
  );
};

describe("listInstalledPackages", () => {
  it("lists every version of a kernel and no keys", async () => {
    const stdout = fixture(import.meta.url, "rpm-qa.reference.txt");
    const host = createScriptedHost({ commands: { [RPM_QUERY]: { stdout } } });
    assert.deepEqual(
      (await listInstalledPackages(host, "rhel")).map(({ name, version }) => `${name} ${version}`),
      [
        "bash 5.1.8-9.el9",
        "kernel-core 5.14.0-427.13.1.el9_4",
        "kernel-core 5.14.0-427.42.1.el9_4",
      ],
    );
  });

  it("leaves out what dpkg removed and kept the configuration of", async () => {
    const stdout = fixture(import.meta.url, "dpkg-query.1.21.22.txt");
    const key = packageQuery("debian").join(" ");
    const host = createScriptedHost({ commands: { [key]: { stdout } } });
    assert.deepEqual(
      (await listInstalledPackages(host, "debian")).map(({ name }) => name),
      ["bash", "linux-image-6.1.0-18-amd64"],
    );
  });
});

describe("installPackages", () => {
  it("names the packages that no repository has", async () => {
    const name = "kernel-devel-5.14.0-427.13.1.el9_4.x86_64";
    const error = await refusal({
      stdout: `No match for argument: ${name}\n`,
      stderr: `Error: Unable to find a match: ${name}\n`,
    });
    assert.equal(error.reason, "PACKAGE_UNAVAILABLE");
    assert.equal(error.metadata["found"], `no package ${name}`);
  });

  it("tells a dead repository, a full disk and a lock apart", async () => {
    const dead =
      "Error: Failed to download metadata for repo 'baseos': Cannot prepare internal mirrorlist";
    assert.equal((await refusal({ stderr: dead })).reason, "PACKAGE_REPOSITORY_UNREACHABLE");
    const full =
      "Error: Transaction test error:\n  installing package git needs 12MB more space on the / filesystem";
    assert.equal((await refusal({ stderr: full })).reason, "DISK_FULL");
    const held =
      "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 812 (apt-get)";
    const error = await refusal({ stderr: held });
    assert.deepEqual([error.reason, error.retry], ["PACKAGE_MANAGER_BUSY", "safe"]);
    assert.equal(
      (await refusal({ stderr: "Error: GPG check FAILED" })).reason,
      "PACKAGE_CHANGE_FAILED",
    );
  });

  it("reads apt's lists anew before it installs", async () => {
    const commands = { [aptGetUpdate().join(" ")]: {}, [aptGetInstall(["git"]).join(" ")]: {} };
    const host = createScriptedHost({ commands });
    await installPackages(host, "debian", ["git"]);
    assert.deepEqual(host.ran, Object.keys(commands));
  });

  it("runs in a scope of its own where systemd is, so that stopping the agent does not end it", async () => {
    const scoped = `systemd-run --scope --collect --quiet -- ${dnfInstall(["git"]).join(" ")}`;
    const files = { "/run/systemd/system/x": "" };
    const host = createScriptedHost({ files, commands: { [scoped]: {} } });
    await installPackages(host, "rhel", ["git"]);
    assert.deepEqual(host.ran, [scoped]);
  });
});

describe("repositories", () => {
  it("takes a repository without `enabled` for enabled", () => {
    const text = "[a]\nname=A\n\n[b]\nenabled = 0\n\n# [c]\n[d]\nenabled=true\n";
    assert.deepEqual(parseDnfRepositories(text), ["a", "d"]);
  });

  it("goes by file names for apt and sees what is switched off", async () => {
    const host = createScriptedHost({
      files: {
        "/etc/apt/sources.list.d/debian.sources": "Types: deb\nURIs: http://x\n",
        "/etc/apt/sources.list.d/old.list": "# deb http://x bookworm main\n",
        "/etc/apt/sources.list.d/off.sources": "Types: deb\nEnabled: no\n",
        "/etc/apt/sources.list.d/switchyard-site.sources": "Types: deb\n",
      },
    });
    const enabled = await listEnabledRepositories(host, DISTRO_PROFILES.debian);
    assert.deepEqual(enabled, ["debian", "site"]);
  });

  it("is not content with a repository of our own that someone edited", async () => {
    const source = { url: "http://m/x", gpgKey: "/k", suite: undefined, components: [] };
    const path = "/etc/yum.repos.d/switchyard-site.repo";
    const host = createScriptedHost({
      files: { [path]: "[site]\nenabled=1\nbaseurl=http://other\n" },
    });
    assert.equal(await isRepositoryReady(host, "rhel", { id: "site", source }), false);
  });
});
