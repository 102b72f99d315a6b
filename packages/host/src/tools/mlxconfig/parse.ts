import type { ConfigValue, FirmwareParameter } from "@switchyard/model";

/** Parameters read of one PF; cards have some two hundred. */
const PARAMETERS_MAX = 1000;

const HEAD = /^Configurations:\s+(\S.*)$/;
const COLUMN_GAP = /\s{2,}/;

type Column = "default" | "current" | "nextBoot";

/** The value columns: all three with `-e`; one without, which older releases call `New`. */
function columnsOf(head: string): readonly Column[] {
  return head.split(COLUMN_GAP).map((title) => {
    if (/^default/i.test(title)) return "default";
    return /^current/i.test(title) ? "current" : "nextBoot";
  });
}

function parameterOf(line: string, columns: readonly Column[]): FirmwareParameter | undefined {
  const match = /^(\*|RO)?\s+(\S.*)$/.exec(line.trimEnd());
  if (match === null) return undefined;
  const [name = "", ...values] = (match[2] ?? "").split(COLUMN_GAP);
  if (!/^[A-Z][A-Z0-9_]*(\[\d+\])?$/.test(name) || values.length !== columns.length) {
    return undefined;
  }
  const inColumn = (column: Column) => values[columns.indexOf(column)] as ConfigValue | undefined;
  const nextBoot = inColumn("nextBoot");
  return nextBoot === undefined
    ? undefined
    : {
        name,
        default: inColumn("default"),
        current: inColumn("current"),
        nextBoot,
        isReadOnly: match[1] === "RO",
      };
}

/**
 * Reads `mlxconfig [-e] q`: a mark (`*` the next value differs, `RO` read-only), the name and the values, with
 * two blanks or more between them. Lines of any other form are left out.
 *
 * @see Mellanox/mstflint mlxconfig/mlxcfg_ui.cpp
 */
export function parseMlxconfigQuery(text: string): readonly FirmwareParameter[] {
  const lines = text.split("\n");
  const at = lines.findIndex((line) => HEAD.test(line));
  const columns = columnsOf(HEAD.exec(lines[at] ?? "")?.[1]?.trimEnd() ?? "");
  return lines
    .slice(at + 1)
    .flatMap((line) => parameterOf(line, columns) ?? [])
    .slice(0, PARAMETERS_MAX);
}
