/** The folder that holds the build recipes' own files. */
export const packageFolder: string = import.meta.dirname;
