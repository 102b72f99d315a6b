/** Largest whole number that may stand in a varint: what a double holds exactly. */
const WHOLE_MAX = Number.MAX_SAFE_INTEGER;

/** Bytes that grow at the end. */
export class OctetWriter {
  #buffer = new Uint8Array(1024);
  #view = new DataView(this.#buffer.buffer);
  #size = 0;

  #room(count: number): void {
    if (this.#size + count <= this.#buffer.length) return;
    const larger = new Uint8Array(2 * (this.#size + count));
    larger.set(this.#buffer);
    this.#buffer = larger;
    this.#view = new DataView(larger.buffer);
  }

  /** A whole number from 0 to 2^53 - 1, seven bits a byte, the lowest first. */
  varint(value: number): void {
    this.#room(8);
    let rest = value;
    while (rest >= 0x80) {
      this.#buffer[this.#size++] = (rest % 0x80) + 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#buffer[this.#size++] = rest;
  }

  /** A whole number of either sign below 2^52: small ones are short. */
  zigzag(value: number): void {
    this.varint(value >= 0 ? 2 * value : -2 * value - 1);
  }

  uint32(value: number): void {
    this.#room(4);
    this.#view.setUint32(this.#size, value, true);
    this.#size += 4;
  }

  finish(): Uint8Array {
    return this.#buffer.subarray(0, this.#size);
  }
}

/** Reads what the writer wrote; past the end or out of bounds it throws a RangeError. */
export class OctetReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  varint(): number {
    let value = 0;
    for (let factor = 1; factor <= WHOLE_MAX; factor *= 0x80) {
      const octet = this.#bytes[this.#at++];
      if (octet === undefined) throw new RangeError("the bytes end within a number");
      value += (octet & 0x7f) * factor;
      if (octet < 0x80) return value;
    }
    throw new RangeError("a number has more than 53 bits");
  }

  zigzag(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  uint32(): number {
    const value = this.#view.getUint32(this.#at, true);
    this.#at += 4;
    return value;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }
}
