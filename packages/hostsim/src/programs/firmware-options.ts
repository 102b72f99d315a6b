/** Value of `-d DEV` or `-d=DEV`; undefined where the option is not given. */
export function optionValue(args: readonly string[], option: string): string | undefined {
  const at = args.indexOf(option);
  if (at !== -1) return args[at + 1];
  const joined = args.find((arg) => arg.startsWith(`${option}=`));
  return joined?.slice(option.length + 1);
}
