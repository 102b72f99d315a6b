type Unset<Fields> = {
  readonly [Key in keyof Fields as undefined extends Fields[Key] ? Key : never]?: Exclude<
    Fields[Key],
    undefined
  >;
};
type Set<Fields> = {
  readonly [Key in keyof Fields as undefined extends Fields[Key] ? never : Key]: Fields[Key];
};

/** The fields that are set: of one that is not there a snapshot says nothing. */
export const withoutUnset = <Fields extends object>(fields: Fields): Set<Fields> & Unset<Fields> =>
  Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Set<Fields> & Unset<Fields>; // only undefined members are gone
