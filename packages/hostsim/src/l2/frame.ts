export const BROADCAST = "ff:ff:ff:ff:ff:ff";
/** Ethernet sizes: an echo of 56 bytes of data, and the least a frame may have. */
export const ECHO_BYTES = 98;
export const SHORT_BYTES = 60;

export type Payload =
  | { readonly kind: "arp-request"; readonly sender: string; readonly target: string }
  | { readonly kind: "arp-reply"; readonly sender: string; readonly target: string }
  | {
      readonly kind: "echo-request";
      readonly sender: string;
      readonly target: string;
      readonly sequence: number;
      /** Replies on their way: sent by the pinger, so that others may speak in between. */
      readonly replies: (() => void)[];
    }
  | {
      readonly kind: "echo-reply";
      readonly sender: string;
      readonly target: string;
      readonly sequence: number;
    }
  | { readonly kind: "chatter" };

/** One Ethernet frame, reduced to what decides whether it arrives. */
export interface Frame {
  readonly source: string;
  readonly destination: string;
  readonly bytes: number;
  readonly payload: Payload;
  /** Bridges it has crossed; a bridge drops what it has seen, where a real loop would storm. */
  readonly crossed: Set<object>;
}

export const makeFrame = (fields: Omit<Frame, "crossed" | "bytes">): Frame => ({
  ...fields,
  bytes: fields.payload.kind.startsWith("echo") ? ECHO_BYTES : SHORT_BYTES,
  crossed: new Set(),
});
