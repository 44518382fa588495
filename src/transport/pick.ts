/** The members of `from` that are set. */
export function pick<T extends object, K extends keyof T>(
  from: T,
  ...names: K[]
): { [P in K]?: NonNullable<T[P]> } {
  const picked = Object.create(null) as { [P in K]?: NonNullable<T[P]> };
  for (const name of names) {
    const value = from[name];
    if (value !== undefined && value !== null) picked[name] = value;
  }
  return picked;
}
