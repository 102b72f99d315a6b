/** What a caller may do, each including the one before: read; change; hand out access. */
export type Role = "viewer" | "operator" | "admin";

export const ROLES = ["viewer", "operator", "admin"] as const satisfies readonly Role[];

/** Role a method asks for; `anyone` is for methods that bring their own proof, such as Enroll. */
export type RequiredRole = Role | "anyone";

export const isRole = (text: string): text is Role => (ROLES as readonly string[]).includes(text);

/** Whether `role` is at least `needed`. */
export const includesRole = (role: Role, needed: Role): boolean =>
  ROLES.indexOf(role) >= ROLES.indexOf(needed);
