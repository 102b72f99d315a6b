/** One partition, in sectors of 512 bytes. */
export interface Partition {
  /** Type byte: 0x0e FAT by LBA, 0x83 Linux. */
  readonly type: number;
  readonly isActive: boolean;
  readonly firstSector: number;
  readonly sectorCount: number;
}

export const SECTOR_BYTES = 512;

const CODE_BYTES_MAX = 440;
const TABLE_OFFSET = 446;
const ENTRY_BYTES = 16;
const PARTITIONS_MAX = 4;
const ACTIVE = 0x80;
/** Cylinder, head and sector of what only LBA reaches. */
const BEYOND_CHS = Buffer.from([0xfe, 0xff, 0xff]);

/**
 * The first sector of a disk that a BIOS boots: code, and a table of at most four partitions.
 *
 * @throws RangeError for code or a table that does not fit
 */
export function packBootRecord(code: Buffer, partitions: readonly Partition[]): Buffer {
  if (code.length > CODE_BYTES_MAX) throw new RangeError(`Boot code of ${code.length} bytes.`);
  if (partitions.length > PARTITIONS_MAX) throw new RangeError(`${partitions.length} partitions.`);
  const sector = Buffer.alloc(SECTOR_BYTES);
  code.copy(sector);
  for (const [index, { type, isActive, firstSector, sectorCount }] of partitions.entries()) {
    const entry = TABLE_OFFSET + index * ENTRY_BYTES;
    sector.writeUInt8(isActive ? ACTIVE : 0, entry);
    BEYOND_CHS.copy(sector, entry + 1);
    sector.writeUInt8(type, entry + 4);
    BEYOND_CHS.copy(sector, entry + 5);
    sector.writeUInt32LE(firstSector, entry + 8);
    sector.writeUInt32LE(sectorCount, entry + 12);
  }
  sector.writeUInt16LE(0xaa55, SECTOR_BYTES - 2);
  return sector;
}
