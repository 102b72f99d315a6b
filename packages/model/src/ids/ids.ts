import { InvalidInputError } from "../errors/switchyard-error.ts";

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** Name of a host: one lower-case DNS label, because it is also one NATS subject token. */
export type HostId = Branded<"HostId">;
export type ProfileId = Branded<"ProfileId">;
export type NetworkId = Branded<"NetworkId">;
export type RolloutId = Branded<"RolloutId">;
export type ExperimentId = Branded<"ExperimentId">;
export type ImageId = Branded<"ImageId">;
export type VmId = Branded<"VmId">;
/** A UUIDv7 in lower-case hex with dashes. */
export type PlanId = Branded<"PlanId">;
/** A UUIDv7 in lower-case hex with dashes; safe as one NATS subject token. */
export type JobId = Branded<"JobId">;
/** A UUIDv7 in lower-case hex with dashes. */
export type MoveId = Branded<"MoveId">;

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

function parseLabel<T extends string>(noun: string, text: string): T {
  if (LABEL.test(text)) return text as T;
  throw new InvalidInputError("NAME_MALFORMED", `"${text}" is no ${noun} name`, {
    found: text,
    needs: "1 to 63 of a-z, 0-9 and '-', beginning and ending with a letter or digit",
  });
}

function parseUuid<T extends string>(noun: string, text: string): T {
  if (UUID.test(text)) return text as T;
  throw new InvalidInputError("ID_MALFORMED", `"${text}" is no ${noun} id`, {
    found: text,
    needs: "a UUID in lower case",
  });
}

/** @throws InvalidInputError NAME_MALFORMED */
export const parseHostId = (text: string): HostId => parseLabel<HostId>("host", text);
/** @throws InvalidInputError NAME_MALFORMED */
export const parseProfileId = (text: string): ProfileId => parseLabel<ProfileId>("profile", text);
/** @throws InvalidInputError NAME_MALFORMED */
export const parseNetworkId = (text: string): NetworkId => parseLabel<NetworkId>("network", text);
/** @throws InvalidInputError NAME_MALFORMED */
export const parseRolloutId = (text: string): RolloutId => parseLabel<RolloutId>("rollout", text);
/** @throws InvalidInputError NAME_MALFORMED */
export const parseExperimentId = (text: string): ExperimentId =>
  parseLabel<ExperimentId>("experiment", text);
/** @throws InvalidInputError NAME_MALFORMED */
export const parseImageId = (text: string): ImageId => parseLabel<ImageId>("image", text);
/** @throws InvalidInputError NAME_MALFORMED */
export const parseVmId = (text: string): VmId => parseLabel<VmId>("VM", text);
/** @throws InvalidInputError ID_MALFORMED */
export const parsePlanId = (text: string): PlanId => parseUuid<PlanId>("plan", text);
/** @throws InvalidInputError ID_MALFORMED */
export const parseJobId = (text: string): JobId => parseUuid<JobId>("job", text);
/** @throws InvalidInputError ID_MALFORMED */
export const parseMoveId = (text: string): MoveId => parseUuid<MoveId>("move", text);
