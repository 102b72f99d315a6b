/** Public half of a controllers' key. Private halves never reach the database. */
export interface SigningKeyRecord {
  readonly keyId: string;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
}

export interface SigningKeyReads {
  list(): Promise<readonly SigningKeyRecord[]>;
}

export interface SigningKeyWrites {
  /** May run twice. */
  put(key: SigningKeyRecord): Promise<void>;
}
