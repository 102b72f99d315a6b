import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { describe, it } from "node:test";
import { createCertificate } from "./certificate.ts";
import { systemClock } from "./clock.ts";
import { seededRandom } from "./random.ts";

const common = { clock: systemClock, random: seededRandom(1), days: 30 };
const authority = createCertificate({
  ...common,
  commonName: "authority",
  names: [],
  isAuthority: true,
});

describe("createCertificate", () => {
  it("makes an authority that vouches for a server by name and address", () => {
    const leaf = createCertificate({
      ...common,
      commonName: "server",
      names: ["controller-1", "10.1.2.3", "fe80::1:2", "::1"],
      isAuthority: false,
      issuer: authority,
    });
    const [ca, server] = [authority, leaf].map((each) => new X509Certificate(each.certificatePem));
    assert.ok(ca !== undefined && server !== undefined);
    assert.equal(server.checkIssued(ca), true);
    assert.equal(server.verify(ca.publicKey), true);
    assert.deepEqual([ca.ca, server.ca], [true, false]);
    assert.equal(server.checkHost("controller-1"), "controller-1");
    assert.equal(server.checkIP("10.1.2.3"), "10.1.2.3");
    for (const address of ["fe80::1:2", "::1"]) assert.equal(server.checkIP(address), address);
    assert.equal(server.checkHost("controller-2"), undefined);
  });

  it("is valid from yesterday for as long as told", () => {
    const { validFromDate, validToDate } = new X509Certificate(authority.certificatePem);
    const days = (validToDate.getTime() - validFromDate.getTime()) / (24 * 3_600_000);
    assert.equal(Math.round(days), 31);
  });
});
