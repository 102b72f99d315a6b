import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { findDistroProfile } from "./distro-profile.ts";
import { isPackageSpec, meetsSpec, missingPackages } from "./installed-packages.ts";
import { formatAptRepository, formatDnfRepository } from "./repository.ts";

const HEADERS = {
  name: "kernel-devel",
  version: "5.14.0-427.42.1.el9_4",
  architecture: "x86_64",
};

describe("findDistroProfile", () => {
  it("knows a distribution by its own id and by what it is like", () => {
    assert.equal(findDistroProfile({ id: "rocky", idLike: ["rhel"] })?.family, "rhel");
    assert.equal(
      findDistroProfile({ id: "eurolinux", idLike: ["rhel", "fedora"] })?.family,
      "rhel",
    );
    assert.equal(findDistroProfile({ id: "debian" })?.family, "debian");
  });

  it("knows nothing of others", () => {
    assert.equal(findDistroProfile({ id: "opensuse-leap", idLike: ["suse"] }), undefined);
  });
});

describe("meetsSpec", () => {
  it("takes a name, with version and with architecture", () => {
    for (const spec of [
      "kernel-devel",
      "kernel-devel.x86_64",
      "kernel-devel-5.14.0-427.42.1.el9_4",
      "kernel-devel-5.14.0-427.42.1.el9_4.x86_64",
    ]) {
      assert.equal(meetsSpec(HEADERS, spec), true, spec);
    }
  });

  it("does not take another version for the one asked for", () => {
    const spec = "kernel-devel-5.14.0-427.13.1.el9_4.x86_64";
    assert.equal(meetsSpec(HEADERS, spec), false);
    assert.deepEqual(missingPackages([HEADERS], [spec, "kernel-devel"]), [spec]);
  });
});

describe("isPackageSpec", () => {
  it("refuses what a tool would take for an option or a shell for more", () => {
    for (const text of ["", "-y", "--installroot=/", "a b", "a;b", "git\n"]) {
      assert.equal(isPackageSpec(text), false, JSON.stringify(text));
    }
    assert.equal(isPackageSpec("gcc-c++"), true);
  });
});

describe("repository files", () => {
  const source = {
    url: "http://mirror.lan/rocky/9.4/BaseOS",
    gpgKey: "/etc/pki/rpm-gpg/RPM-GPG-KEY-Rocky-9",
    suite: undefined,
    components: [],
  };

  it("names the key by a URL for dnf and by a path for apt", () => {
    const dnf = formatDnfRepository("site-baseos", source);
    assert.match(dnf, /^\[site-baseos\]$/m);
    assert.match(dnf, /^gpgkey=file:\/\/\/etc\/pki\/rpm-gpg\/RPM-GPG-KEY-Rocky-9$/m);
    assert.match(dnf, /^gpgcheck=1$/m);
    const apt = formatAptRepository({ ...source, suite: "bookworm", components: ["main"] });
    assert.match(apt, /^Suites: bookworm\nComponents: main\nSigned-By: \/etc/m);
  });
});
