import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";

const FOLDER = new URL("../../../deploy/observability/", import.meta.url).pathname;

/** A PromQL expression that operators get from us. */
export interface ShippedQuery {
  /** Dashboard and panel, or rule. */
  readonly where: string;
  readonly expression: string;
}

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

interface Dashboard {
  readonly title: string;
  readonly panels: readonly Panel[];
  readonly annotations: {
    readonly list: readonly { readonly name: string; readonly expr: string }[];
  };
  readonly templating: {
    readonly list: readonly { readonly type: string; readonly query: string }[];
  };
}

export interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly annotations?: { readonly runbook_url?: string };
}

export const rulesFile = join(FOLDER, "rules.yml");
export const configFile = join(FOLDER, "prometheus.yml");

export async function readRules(): Promise<readonly Rule[]> {
  const { groups } = parse(await readFile(rulesFile, "utf8")) as {
    readonly groups: readonly { readonly rules: readonly Rule[] }[];
  };
  return groups.flatMap(({ rules }) => rules);
}

/** What Grafana puts in place of its variables. */
const fillIn = (expression: string): string =>
  expression.replaceAll("$__rate_interval", "1m").replaceAll(/\$(host|instance)\b/g, ".*");

async function readDashboards(): Promise<readonly Dashboard[]> {
  const folder = join(FOLDER, "dashboards");
  const files = (await readdir(folder)).filter((name) => name.endsWith(".json"));
  return Promise.all(
    files.map(async (name) => JSON.parse(await readFile(join(folder, name), "utf8")) as Dashboard),
  );
}

function queriesOf({ title, panels, annotations, templating }: Dashboard): readonly ShippedQuery[] {
  const variables = templating.list.flatMap(({ type, query }) => {
    const [, metric] = /^label_values\((\w+), \w+\)$/.exec(query) ?? [];
    return type === "query" ? [{ where: `${title}: variable`, expression: metric ?? query }] : [];
  });
  const panelQueries = panels.flatMap((panel) =>
    (panel.targets ?? []).map(({ expr }) => ({
      where: `${title}: ${panel.title}`,
      expression: fillIn(expr),
    })),
  );
  const marks = annotations.list.map(({ name, expr }) => ({
    where: `${title}: ${name}`,
    expression: fillIn(expr),
  }));
  return [...variables, ...panelQueries, ...marks];
}

/** Every query of the dashboards and rules in deploy/observability. */
export async function readShippedQueries(): Promise<readonly ShippedQuery[]> {
  const dashboards = (await readDashboards()).flatMap(queriesOf);
  const rules = (await readRules()).map(({ record, alert, expr }) => ({
    where: `rule ${record ?? alert}`,
    expression: expr,
  }));
  return [...dashboards, ...rules];
}

/** Names of metrics and recorded series that an expression asks for. */
export const namesIn = (expression: string): readonly string[] => [
  ...new Set(expression.match(/\bswitchyard(?:_[a-z0-9_]+|:[a-z0-9_:]+)/g) ?? []),
];
