import { ARCHITECTURES, IMAGE_FORMATS, type ImageSpec, LIMITS_OF_IMAGES } from "@switchyard/model";
import type { ImageSpec as ProtoImageSpec } from "@switchyard/proto";
import { readArtefact } from "./artefact.ts";
import type { Violations } from "./violations.ts";

/** A bound in bytes; 0 leaves it to the default. */
function readBound(
  violations: Violations,
  field: string,
  bound: { readonly value: bigint; readonly byDefault: number; readonly max: number },
): number {
  const isIn = bound.value >= 0n && bound.value <= BigInt(bound.max);
  violations.check(isIn, field, `is ${bound.value}; must be 0 to ${bound.max}`);
  return bound.value === 0n ? bound.byDefault : Number(bound.value);
}

/** A name as dnf and apt take it, with nothing that they would read as an option or a version. */
const PACKAGE = /^[a-z0-9][a-z0-9+._-]{0,127}$/i;

function readPackages(
  { packages, format }: ProtoImageSpec,
  violations: Violations,
): readonly string[] {
  const { packagesMax } = LIMITS_OF_IMAGES;
  violations.check(
    packages.length <= packagesMax,
    "packages",
    `has more than ${packagesMax} entries`,
  );
  violations.check(
    packages.length === 0 || format !== "iso",
    "packages",
    "can't be installed into an ISO",
  );
  for (const [at, name] of packages.slice(0, packagesMax).entries()) {
    violations.check(PACKAGE.test(name), `packages[${at}]`, "must be the name of a package");
  }
  return [...new Set(packages)].sort();
}

/** The image's spec as the model has it; undefined when a violation was added. */
export function readImageSpec(
  spec: ProtoImageSpec | undefined,
  violations: Violations,
): ImageSpec | undefined {
  if (spec === undefined) {
    violations.add("", "is required");
    return undefined;
  }
  const sizeBytesMax = readBound(violations, "size_bytes_max", {
    value: spec.sizeBytesMax,
    byDefault: LIMITS_OF_IMAGES.sizeBytesDefault,
    max: LIMITS_OF_IMAGES.sizeBytesMax,
  });
  const virtualSizeBytesMax = readBound(violations, "virtual_size_bytes_max", {
    value: spec.virtualSizeBytesMax,
    byDefault: LIMITS_OF_IMAGES.virtualSizeBytesDefault,
    max: LIMITS_OF_IMAGES.virtualSizeBytesMax,
  });
  const artefact = readArtefact(spec, violations, sizeBytesMax);
  const format = IMAGE_FORMATS.find((known) => known === spec.format);
  violations.check(
    format !== undefined,
    "format",
    `must be one of ${IMAGE_FORMATS.map((each) => `"${each}"`).join(", ")}`,
  );
  const packages = readPackages(spec, violations);
  const architecture = ARCHITECTURES.find((known) => known === spec.architecture);
  violations.check(
    spec.architecture === "" || architecture !== undefined,
    "architecture",
    `must be one of ${ARCHITECTURES.map((each) => `"${each}"`).join(", ")}, or empty`,
  );
  return (
    artefact &&
    format && {
      ...artefact,
      format,
      virtualSizeBytesMax,
      ...(packages.length > 0 && { packages }),
      ...(architecture !== undefined && { architecture }),
    }
  );
}
