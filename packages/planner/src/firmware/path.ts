import { compareFirmware, type FirmwareImage, type FirmwareVersion } from "@switchyard/model";

/** One version on the way, and the image that brings it; without one it is stored already and only due. */
export interface Hop {
  readonly version: FirmwareVersion;
  readonly image: FirmwareImage | undefined;
}

/** How a card gets from what it runs to the newest image for it. */
export type FirmwarePath =
  /** The profile has nothing for the card's PSID. */
  | { readonly kind: "no-image" }
  /** All images for the PSID are of another family of cards. */
  | { readonly kind: "other-family"; readonly target: FirmwareImage }
  | { readonly kind: "up-to-date" }
  /** Each hop must run before the next one can be burned. */
  | { readonly kind: "hops"; readonly hops: readonly Hop[]; readonly isDowngrade: boolean }
  /** The newest image is older than what is stored. */
  | { readonly kind: "downgrade"; readonly target: FirmwareImage }
  /** No chain of images ends at the target. */
  | { readonly kind: "no-chain"; readonly target: FirmwareImage };

export interface CardFirmwareState {
  readonly psid: string;
  readonly running: FirmwareVersion;
  readonly stored: FirmwareVersion;
}

/** Number of the ConnectX family, which every version of it begins with: 22 is ConnectX-6 Dx. */
const familyOf = (version: FirmwareVersion): string => version.split(".")[0] ?? "";

const isNewer = (a: FirmwareVersion, b: FirmwareVersion): boolean => compareFirmware(a, b) > 0;

const newestFirst = (images: readonly FirmwareImage[]): readonly FirmwareImage[] =>
  [...images].sort((a, b) => compareFirmware(b.version, a.version));

const canFollow = (version: FirmwareVersion, { requiresVersion }: FirmwareImage): boolean =>
  requiresVersion === undefined || !isNewer(requiresVersion, version);

/**
 * The shortest chain of images, each newer than the one before, that ends at `target`.
 *
 * @param chains answers found so far, by image: every image is worked out once
 */
function chainTo(
  target: FirmwareImage,
  from: FirmwareVersion,
  images: readonly FirmwareImage[],
  chains: Map<FirmwareImage, readonly FirmwareImage[] | undefined>,
): readonly FirmwareImage[] | undefined {
  if (canFollow(from, target)) return [target];
  if (chains.has(target)) return chains.get(target);
  const stones = images.filter(
    (stone) =>
      isNewer(stone.version, from) &&
      isNewer(target.version, stone.version) &&
      canFollow(stone.version, target),
  );
  const shortest = stones
    .flatMap((stone) => {
      const chain = chainTo(stone, from, images, chains);
      return chain === undefined ? [] : [[...chain, target]];
    })
    .sort((a, b) => a.length - b.length)[0];
  chains.set(target, shortest);
  return shortest;
}

/** What is stored and not running may be a stepping stone itself, which needs a boot and no burn. */
function upgrade(
  target: FirmwareImage,
  card: CardFirmwareState,
  images: readonly FirmwareImage[],
): FirmwarePath {
  const find = (from: FirmwareVersion) => chainTo(target, from, newestFirst(images), new Map());
  const toHops = (chain: readonly FirmwareImage[]): readonly Hop[] =>
    chain.map((image) => ({ version: image.version, image }));
  const direct = find(card.running);
  const viaStored = isNewer(card.stored, card.running) ? find(card.stored) : undefined;
  if (viaStored !== undefined && (direct === undefined || viaStored.length + 1 <= direct.length)) {
    const hops = [{ version: card.stored, image: undefined }, ...toHops(viaStored)];
    return { kind: "hops", hops, isDowngrade: false };
  }
  if (direct === undefined) return { kind: "no-chain", target };
  return { kind: "hops", hops: toHops(direct), isDowngrade: false };
}

/**
 * Finds the way to the newest image for a card. Images for other PSIDs are never looked at.
 *
 * @param allowsDowngrade whether an image older than what is stored may be burned
 */
export function planFirmwarePath(
  card: CardFirmwareState,
  images: readonly FirmwareImage[],
  allowsDowngrade: boolean,
): FirmwarePath {
  const own = newestFirst(images.filter(({ psid }) => psid === card.psid));
  const [newest] = own;
  if (newest === undefined) return { kind: "no-image" };
  const family = own.filter(({ version }) => familyOf(version) === familyOf(card.running));
  const [target] = family;
  if (target === undefined) return { kind: "other-family", target: newest };
  if (target.version === card.stored) {
    if (card.running === card.stored) return { kind: "up-to-date" };
    const hops = [{ version: card.stored, image: undefined }];
    return { kind: "hops", hops, isDowngrade: false };
  }
  if (isNewer(target.version, card.stored)) return upgrade(target, card, family);
  if (!allowsDowngrade) return { kind: "downgrade", target };
  if (!canFollow(card.running, target)) return { kind: "no-chain", target };
  const hops = [{ version: target.version, image: target }];
  return { kind: "hops", hops, isDowngrade: true };
}
