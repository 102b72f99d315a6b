import { stripVTControlCharacters } from "node:util";

/** What a host or a guest said, made safe for a terminal: no escape sequences, no other control characters. */
export const plainText = (text: string): string =>
  stripVTControlCharacters(text).replace(/[\p{Cc}]/gu, (control) =>
    control === "\n" || control === "\t" ? control : " ",
  );

/** Columns the text takes on a terminal, colours left out. All our marks are one column wide. */
export const displayWidth = (text: string): number => [...stripVTControlCharacters(text)].length;

export const padEnd = (text: string, width: number): string =>
  text + " ".repeat(Math.max(0, width - displayWidth(text)));

export const padStart = (text: string, width: number): string =>
  " ".repeat(Math.max(0, width - displayWidth(text))) + text;

/** Every line of the text moved right. */
export const indent = (text: string, columns: number): string =>
  text.replace(/^(?=.)/gm, " ".repeat(columns));
