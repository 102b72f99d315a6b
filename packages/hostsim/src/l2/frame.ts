export const BROADCAST = "ff:ff:ff:ff:ff:ff";
/** The least an Ethernet frame may have, without its checksum. */
export const SHORT_BYTES = 60;

export type Payload =
  | { readonly kind: "arp-request"; readonly sender: string; readonly target: string }
  | { readonly kind: "arp-reply"; readonly sender: string; readonly target: string }
  | {
      readonly kind: "echo-request";
      readonly sender: string;
      readonly target: string;
      readonly sequence: number;
      /** With its IP header. */
      readonly packetBytes: number;
      /** Replies on their way: sent by the pinger, so that others may speak in between. */
      readonly replies: (() => void)[];
    }
  | {
      readonly kind: "echo-reply";
      readonly sender: string;
      readonly target: string;
      readonly sequence: number;
      /** With its IP header. */
      readonly packetBytes: number;
    }
  /** Data of a connection; that it arrived is all that is kept of it. */
  | {
      readonly kind: "segments";
      readonly sender: string;
      readonly target: string;
      readonly arrived: { isThere: boolean };
    }
  | { readonly kind: "chatter" };

/** One Ethernet frame, reduced to what decides whether it arrives. */
export interface Frame {
  readonly source: string;
  readonly destination: string;
  readonly bytes: number;
  /** Frames alike that follow one another as one, where there are too many to send each; 1 for all others. */
  readonly copies: number;
  readonly payload: Payload;
  /** Tag it carries; 0: none. */
  readonly vlan: number;
  /** Bridges it has crossed; a bridge drops what it has seen, where a real loop would storm. */
  readonly crossed: Set<object>;
  /** Machines whose software forwarded it. */
  readonly softwareOf: Set<object>;
}

/** Ethernet header, which no MTU counts. */
export const HEADER_BYTES = 14;

/** @param fields.bytes undefined: the least there is */
export const makeFrame = (
  fields: Pick<Frame, "source" | "destination" | "payload"> &
    Partial<Pick<Frame, "bytes" | "copies">>,
): Frame => ({
  bytes: SHORT_BYTES,
  copies: 1,
  ...fields,
  vlan: 0,
  crossed: new Set(),
  softwareOf: new Set(),
});
