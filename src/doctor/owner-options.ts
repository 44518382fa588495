/** Options shown; what has more is not worth a remedy as code. */
const MAX = 12;

/**
 * The options of an agent or pool as code, for a remedy that keeps them: `rejectUnauthorized: false, ca: …`. Numbers
 * and switches are shown; of the rest only the name, because it may hold a key or a password.
 */
export function describe(
  options: unknown,
  defaults: Readonly<Record<string, unknown>> = {},
): string | undefined {
  if (options === undefined || options === null) return "";
  if (typeof options !== "object") return undefined;
  const parts: string[] = [];
  for (const [name, value] of Object.entries(options)) {
    if (
      value === undefined ||
      (name in defaults && (defaults[name] === undefined || defaults[name] === value))
    )
      continue;
    if (!/^[A-Za-z_$][\w$]*$/.test(name)) return undefined;
    parts.push(typeof value === "number" || typeof value === "boolean" ? `${name}: ${value}` : `${name}: …`);
    if (parts.length > MAX) return undefined;
  }
  return parts.join(", ");
}
