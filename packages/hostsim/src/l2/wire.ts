import { BROADCAST, type Frame } from "./frame.ts";
import type { IpStack } from "./ip-stack.ts";

/** One end of a cable as a machine sees it. */
export interface WirePort {
  send(frame: Frame): void;
}

/** What is at the other end of a cable. */
export interface WireMember {
  receive(frame: Frame): void;
  /** Interfaces behind this member that use a MAC address. */
  stacksWithMac(mac: string): readonly IpStack[];
}

/**
 * A physical switch: it learns on which cable a MAC address was heard last, and floods what it does
 * not know. One MAC address on two cables therefore flaps, as on a real switch.
 */
export class SimWire {
  readonly #members = new Map<WirePort, WireMember>();
  /** By VLAN and MAC address. */
  readonly #learned = new Map<string, WirePort>();
  readonly #cut = new Set<WirePort>();

  attach(member: WireMember): WirePort {
    const port: WirePort = { send: (frame) => this.#forward(port, frame) };
    this.#members.set(port, member);
    return port;
  }

  detach(port: WirePort): void {
    this.#members.delete(port);
    for (const [mac, learned] of this.#learned) {
      if (learned === port) this.#learned.delete(mac);
    }
  }

  /** Lets nothing through a cable until it is mended; the carrier stays. */
  setCut(port: WirePort, isCut: boolean): void {
    if (isCut) this.#cut.add(port);
    else this.#cut.delete(port);
  }

  stacksWithMac(mac: string): readonly IpStack[] {
    return [...new Set([...this.#members.values()].flatMap((member) => member.stacksWithMac(mac)))];
  }

  #forward(from: WirePort, frame: Frame): void {
    if (frame.crossed.has(this) || this.#cut.has(from) || !this.#members.has(from)) return;
    frame.crossed.add(this);
    const keyOf = (mac: string) => `${frame.vlan} ${mac}`;
    this.#learned.set(keyOf(frame.source), from);
    const known =
      frame.destination === BROADCAST ? undefined : this.#learned.get(keyOf(frame.destination));
    const targets = known === undefined ? [...this.#members.keys()] : [known];
    for (const port of targets) {
      if (port !== from && !this.#cut.has(port)) this.#members.get(port)?.receive(frame);
    }
  }
}
