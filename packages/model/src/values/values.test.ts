import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { InvalidInputError } from "../errors/switchyard-error.ts";
import { canonicalJson, digestOf } from "./canonical-json.ts";
import { compareFirmware, formatFirmware, parseFirmwareVersion } from "./firmware-version.ts";
import {
  cidrAddress,
  ipv4FromNumber,
  ipv4ToNumber,
  networkNumber,
  parseIpv4Address,
  parseIpv4Cidr,
  subnetContains,
} from "./ipv4.ts";
import { macFromNumber, macToNumber, parseMacAddress } from "./mac-address.ts";
import { parsePciAddress, vfPciAddress } from "./pci-address.ts";
import { parsePsid } from "./psid.ts";

const refuses = (parse: (text: string) => unknown, texts: readonly string[], reason: string) => {
  for (const text of texts) {
    assert.throws(
      () => parse(text),
      (error) => error instanceof InvalidInputError && error.reason === reason,
      `"${text}" was taken`,
    );
  }
};

describe("parseFirmwareVersion", () => {
  it("takes the vendor's form and devlink's for the same version", () => {
    assert.equal(parseFirmwareVersion("22.39.10.02"), parseFirmwareVersion("22.39.1002"));
    assert.equal(parseFirmwareVersion("22.27.61.06"), "22.27.6106");
    assert.equal(parseFirmwareVersion("16.35.4"), "16.35.0004");
  });

  it("writes the vendor's form", () => {
    assert.equal(formatFirmware(parseFirmwareVersion("22.39.1002")), "22.39.10.02");
  });

  it("compares by number and not by text", () => {
    const compare = (a: string, b: string) =>
      Math.sign(compareFirmware(parseFirmwareVersion(a), parseFirmwareVersion(b)));
    assert.equal(compare("22.27.61.06", "22.39.10.02"), -1);
    assert.equal(compare("22.9.1000", "22.39.1002"), -1);
    assert.equal(compare("22.39.1002", "22.39.10.02"), 0);
    assert.equal(compare("22.40.1000", "22.39.1002"), 1);
  });

  it("refuses what is no version", () => {
    const texts = ["", "22.39", "22.39.10.02.1", "v22.39.1002", "22.39.10020"];
    refuses(parseFirmwareVersion, texts, "FIRMWARE_VERSION_MALFORMED");
  });
});

describe("vfPciAddress", () => {
  const pf = parsePciAddress("0000:82:00.0");

  it("gives the seed's VFs", () => {
    assert.equal(vfPciAddress(pf, { offset: 2, stride: 1, index: 0 }), "0000:82:00.2");
    assert.equal(vfPciAddress(pf, { offset: 2, stride: 1, index: 1 }), "0000:82:00.3");
  });

  it("goes on to the next device and the next bus", () => {
    assert.equal(vfPciAddress(pf, { offset: 2, stride: 1, index: 6 }), "0000:82:01.0");
    assert.equal(vfPciAddress(pf, { offset: 2, stride: 1, index: 254 }), "0000:83:00.0");
  });
});

describe("parsePciAddress", () => {
  it("writes hex in lower case", () => {
    assert.equal(parsePciAddress("0000:AF:1F.7"), "0000:af:1f.7");
  });

  it("refuses an address without domain and one out of range", () => {
    refuses(parsePciAddress, ["82:00.0", "0000:82:20.0", "0000:82:00.8"], "PCI_ADDRESS_MALFORMED");
  });
});

describe("parseMacAddress", () => {
  it("writes hex in lower case", () => {
    assert.equal(parseMacAddress("52:54:00:CB:45:11"), "52:54:00:cb:45:11");
  });

  it("refuses multicast, zero and what is no MAC", () => {
    const texts = ["01:00:5e:00:00:01", "00:00:00:00:00:00", "52:54:00:cb:45", "52-54-00-cb-45-11"];
    refuses(parseMacAddress, texts, "MAC_ADDRESS_MALFORMED");
  });

  it("goes to a number and back", () => {
    const mac = parseMacAddress("fe:ff:ff:ff:ff:fe");
    assert.equal(macFromNumber(macToNumber(mac)), mac);
    assert.equal(
      macFromNumber(macToNumber(parseMacAddress("52:54:00:00:00:ff")) + 1),
      "52:54:00:00:01:00",
    );
  });
});

describe("IPv4 values", () => {
  it("go to numbers and back, also above 2^31", () => {
    for (const text of ["0.0.0.0", "10.0.0.1", "192.168.101.2", "255.255.255.255"]) {
      assert.equal(ipv4FromNumber(ipv4ToNumber(parseIpv4Address(text))), text);
    }
  });

  it("refuse what is no address or prefix", () => {
    refuses(parseIpv4Address, ["", "1.2.3", "1.2.3.256", "1.2.3.4/24"], "IP_ADDRESS_MALFORMED");
    refuses(
      parseIpv4Cidr,
      ["1.2.3.4", "1.2.3.4/33", "1.2.3.4/", "1.2.3.4/8/8"],
      "IP_ADDRESS_MALFORMED",
    );
  });

  it("know what lies in a subnet, whatever the host bits", () => {
    const cidr = parseIpv4Cidr("192.168.101.77/24");
    assert.equal(cidrAddress(cidr), "192.168.101.77");
    assert.equal(ipv4FromNumber(networkNumber(cidr)), "192.168.101.0");
    assert.equal(subnetContains(cidr, parseIpv4Address("192.168.101.255")), true);
    assert.equal(subnetContains(cidr, parseIpv4Address("192.168.102.0")), false);
    assert.equal(subnetContains(parseIpv4Cidr("0.0.0.0/0"), parseIpv4Address("8.8.8.8")), true);
  });
});

describe("parsePsid", () => {
  it("takes Dell's and Mellanox's own", () => {
    assert.equal(parsePsid("DEL0000000027"), "DEL0000000027");
    assert.equal(parsePsid("MT_0000000359"), "MT_0000000359");
  });

  it("refuses others", () => {
    refuses(parsePsid, ["", "DEL27", "del0000000027"], "PSID_MALFORMED");
  });
});

describe("canonicalJson", () => {
  it("is the same whatever the order of members, at any depth", () => {
    const left = { b: [{ y: 1, x: 2n }], a: undefined, c: null };
    const right = { c: null, b: [{ x: 2n, y: 1 }] };
    assert.equal(canonicalJson(left), canonicalJson(right));
    assert.equal(digestOf(left), digestOf(right));
  });

  it("keeps the order of lists", () => {
    assert.notEqual(digestOf([1, 2]), digestOf([2, 1]));
  });
});
