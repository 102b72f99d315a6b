/** Castagnoli polynomial, reflected. */
const POLYNOMIAL = 0x82f63b78;

const TABLE = Uint32Array.from({ length: 256 }, (_, octet) => {
  let value = octet;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
  return value >>> 0;
});

/**
 * CRC-32C of the bytes, unsigned; of "123456789" it is 0xe3069283.
 *
 * @see RFC 3720 appendix B.4
 */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const octet of bytes) crc = (crc >>> 8) ^ TABLE[(crc ^ octet) & 0xff]!; // the index has 8 bits
  return (crc ^ 0xffffffff) >>> 0;
}
