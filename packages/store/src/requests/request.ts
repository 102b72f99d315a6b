/** What a repeated call is recognised by. */
export interface RequestKey {
  readonly actor: string;
  /** Full method name. */
  readonly method: string;
  readonly requestId: string;
  /** Digest of the request without its id; another one under the same id is refused. */
  readonly bodyDigest: string;
}
