import { cidrAddress, type Ipv4Address, type Ipv4Cidr, subnetContains } from "@switchyard/model";
import { BROADCAST, type Frame, HEADER_BYTES, makeFrame, type Payload } from "./frame.ts";

/** One network interface with its addresses: a guest's NIC, or a bridge's own port. */
export interface IpStack {
  readonly mac: string;
  readonly isUp: () => boolean;
  readonly addresses: () => readonly string[];
  /** Largest packet it sends; more goes in fragments. 1500 where it is not said. */
  readonly mtu?: () => number;
  readonly transmit: (frame: Frame) => void;
  readonly neighbours: Map<string, string>;
  /** Sequence numbers that were answered since the last ping began. */
  readonly answered: Set<number>;
}

export const hasAddress = (stack: IpStack, address: string): boolean =>
  stack.addresses().some((cidr) => cidrAddress(cidr as Ipv4Cidr) === address);

/** The address from which a target is reached directly; undefined: no route. */
export const sourceFor = (stack: IpStack, target: string): string | undefined => {
  const cidr = stack
    .addresses()
    .find((candidate) => subnetContains(candidate as Ipv4Cidr, target as Ipv4Address));
  return cidr === undefined ? undefined : cidrAddress(cidr as Ipv4Cidr);
};

const MTU_DEFAULT = 1500;

/** What a packet of so many bytes is on the wire: its largest fragment, with the Ethernet header. */
const frameBytes = ({ mtu }: IpStack, packetBytes: number): number =>
  Math.min(packetBytes, mtu?.() ?? MTU_DEFAULT) + HEADER_BYTES;

function send(
  stack: IpStack,
  destination: string,
  payload: Payload,
  burst: Partial<Pick<Frame, "bytes" | "copies">> = {},
): Frame {
  const isEcho = payload.kind === "echo-request" || payload.kind === "echo-reply";
  const bytes = isEcho ? { bytes: frameBytes(stack, payload.packetBytes) } : {};
  const frame = makeFrame({ source: stack.mac, destination, payload, ...bytes, ...burst });
  stack.transmit(frame);
  return frame;
}

/** Says something, so that every bridge learns where this MAC is. */
export const chatter = (stack: IpStack): void => {
  if (stack.isUp()) send(stack, BROADCAST, { kind: "chatter" });
};

/** What the kernel of the receiver does with a frame. */
export function receiveFrame(stack: IpStack, frame: Frame): void {
  if (!stack.isUp()) return;
  if (frame.destination !== BROADCAST && frame.destination !== stack.mac) return;
  const { payload } = frame;
  if (payload.kind === "chatter" || !hasAddress(stack, payload.target)) return;
  if (payload.kind === "segments") {
    payload.arrived.isThere = true;
    return;
  }
  const { sender, target } = payload;
  switch (payload.kind) {
    case "arp-request":
      stack.neighbours.set(sender, frame.source);
      send(stack, frame.source, { kind: "arp-reply", sender: target, target: sender });
      return;
    case "arp-reply":
      stack.neighbours.set(sender, frame.source);
      return;
    case "echo-request": {
      const { sequence, packetBytes } = payload;
      const destination = stack.neighbours.get(sender) ?? frame.source;
      payload.replies.push(() =>
        send(stack, destination, {
          ...{ kind: "echo-reply", sender: target, target: sender },
          ...{ sequence, packetBytes },
        }),
      );
      return;
    }
    case "echo-reply":
      stack.answered.add(payload.sequence);
      return;
  }
}

/** Forgets and asks again who has `target`. @returns its MAC address, if someone answered */
export function resolve(stack: IpStack, target: string): string | undefined {
  const source = sourceFor(stack, target);
  if (source === undefined || !stack.isUp()) return undefined;
  stack.neighbours.delete(target);
  send(stack, BROADCAST, { kind: "arp-request", sender: source, target });
  return stack.neighbours.get(target);
}

/** What became of data that was sent. */
export interface Delivery {
  readonly isThere: boolean;
  /** Machines whose software forwarded it; where none did, cards did all. */
  readonly softwareOf: ReadonlySet<object>;
}

/** Sends full packets of a connection, `copies` of them as one. */
export function sendSegments(
  stack: IpStack,
  to: { readonly target: string; readonly mac: string; readonly copies: number },
): Delivery {
  const { target, mac, copies } = to;
  const arrived = { isThere: false };
  const bytes = frameBytes(stack, Number.POSITIVE_INFINITY);
  const sender = sourceFor(stack, target);
  if (sender === undefined) return { isThere: false, softwareOf: new Set() };
  const payload = { kind: "segments", sender, target, arrived } as const;
  const { softwareOf } = send(stack, mac, payload, { bytes, copies });
  return { isThere: arrived.isThere, softwareOf };
}

/** One echo; `meanwhile` runs between the request's arrival and the reply's departure. */
export function echo(
  stack: IpStack,
  request: {
    readonly target: string;
    readonly mac: string;
    readonly sequence: number;
    readonly packetBytes: number;
  },
  meanwhile: () => void,
): Delivery {
  const sender = sourceFor(stack, request.target);
  if (sender === undefined) return { isThere: false, softwareOf: new Set() };
  const replies: (() => void)[] = [];
  const { target, sequence, packetBytes } = request;
  const payload = { kind: "echo-request", sender, target, sequence, packetBytes, replies } as const;
  const { softwareOf } = send(stack, request.mac, payload);
  meanwhile();
  for (const reply of replies) reply();
  return { isThere: stack.answered.has(sequence), softwareOf };
}
