import { readFileSync } from "node:fs";

/** Text of a tool's fixture, by the URL of the test that stands beside the folder `fixtures`. */
export const fixture = (testUrl: string, name: string): string =>
  readFileSync(new URL(`./fixtures/${name}`, testUrl), "utf8");

/** Member of a fixture that holds several answers of one tool, printed again as the tool would. */
export const fixtureMember = (testUrl: string, name: string, member: string): string =>
  JSON.stringify((JSON.parse(fixture(testUrl, name)) as Record<string, unknown>)[member]);
