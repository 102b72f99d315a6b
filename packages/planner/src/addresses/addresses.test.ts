import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Ipv4Address, parseMacAddress } from "@switchyard/model";
import { seededRandom } from "@switchyard/runtime";
import { slotMac } from "@switchyard/testkit/builders";
import { firstFreeBridgeAddress, firstFreeIpv4, firstFreeMac } from "./addresses.ts";

const ip = (text: string) => text as Ipv4Address;
const pool = { first: ip("192.168.101.20"), last: ip("192.168.101.22") };

describe("firstFreeIpv4", () => {
  it("takes the lowest that is free", () => {
    assert.equal(firstFreeIpv4(pool, []), "192.168.101.20");
    assert.equal(firstFreeIpv4(pool, [ip("192.168.101.20")]), "192.168.101.21");
  });

  it("ignores what is taken outside the pool", () => {
    assert.equal(firstFreeIpv4(pool, [ip("10.0.0.1")]), "192.168.101.20");
  });

  it("answers undefined when the pool is exhausted", () => {
    const taken = ["192.168.101.20", "192.168.101.21", "192.168.101.22"].map(ip);
    assert.equal(firstFreeIpv4(pool, taken), undefined);
  });

  it("never gives an address twice, and gives every one", () => {
    const random = seededRandom(7);
    const wide = { first: ip("10.0.0.1"), last: ip("10.0.0.200") };
    let taken: Ipv4Address[] = [];
    for (let round = 0; round < 1000; round += 1) {
      const free = firstFreeIpv4(wide, taken);
      if (free === undefined) assert.equal(taken.length, 200);
      else assert.ok(!taken.includes(free));
      taken = [...taken, ...(free === undefined ? [] : [free])].filter(
        () => random.float() > 0.001,
      );
    }
  });
});

describe("firstFreeMac", () => {
  it("takes the lowest that is free", () => {
    const macs = { first: slotMac(0), last: slotMac(9) };
    assert.equal(firstFreeMac(macs, [slotMac(0), slotMac(2)]), slotMac(1));
  });

  it("leaves multicast addresses out", () => {
    const macs = {
      first: parseMacAddress("52:ff:ff:ff:ff:ff"),
      last: parseMacAddress("54:00:00:00:00:01"),
    };
    assert.equal(firstFreeMac(macs, [macs.first]), "54:00:00:00:00:00");
  });

  it("answers undefined when the pool is exhausted", () => {
    const macs = { first: slotMac(0), last: slotMac(1) };
    assert.equal(firstFreeMac(macs, [slotMac(0), slotMac(1)]), undefined);
  });
});

describe("firstFreeBridgeAddress", () => {
  it("carries the range's prefix length", () => {
    const range = { ...pool, prefixLength: 24 };
    assert.equal(firstFreeBridgeAddress(range, [pool.first]), "192.168.101.21/24");
  });
});
