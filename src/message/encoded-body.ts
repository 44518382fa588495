import { TextSource } from "./replayable-source.js";
import type { BodySource } from "./source.js";

/**
 * `value` as JSON, with `content-type: application/json`.
 * @throws TypeError for what has no JSON form: `undefined`, a function, a symbol, a BigInt, a cycle.
 */
export function jsonBody(value: unknown): BodySource {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    const why = cause instanceof Error ? firstLine(cause.message) : String(cause);
    throw new TypeError(`Cannot serialise the \`json\` option: ${why}`, { cause });
  }
  if (text === undefined) {
    throw new TypeError(
      `Cannot serialise the \`json\` option: ${describe(value)} has no JSON form; use null`,
    );
  }
  return new TextSource(text, "application/json");
}

function describe(value: unknown): string {
  if (value === undefined) return "undefined";
  return typeof value === "object" ? "an object whose toJSON returns undefined" : `a ${typeof value}`;
}

function firstLine(message: string): string {
  const end = message.indexOf("\n");
  return (end === -1 ? message : message.slice(0, end)).replace(/\.$/, "");
}

/** Fields of a form; an array repeats its name. */
export type FormInit = Readonly<Record<string, string | readonly string[]>> | URLSearchParams;

/**
 * A form as a browser encodes it, with `content-type: application/x-www-form-urlencoded`, as Go's `PostForm`
 * sends it (`fetch` adds a charset to a `URLSearchParams` body). The order of the fields is kept.
 *
 * @throws TypeError for a value that is not a string, number, boolean or bigint.
 */
export function formBody(form: FormInit): BodySource {
  return new TextSource(encodeForm(form), "application/x-www-form-urlencoded");
}

function encodeForm(form: FormInit): string {
  if (form instanceof URLSearchParams) return form.toString();
  if (typeof form !== "object" || form === null) {
    throw new TypeError(
      `The form option must be an object or URLSearchParams, not ${form === null ? "null" : typeof form}`,
    );
  }
  const fields = new URLSearchParams();
  for (const [name, value] of Object.entries(form)) {
    for (const item of Array.isArray(value) ? (value as readonly unknown[]) : [value]) {
      fields.append(name, fieldText(name, item));
    }
  }
  return fields.toString();
}

function fieldText(name: string, value: unknown): string {
  switch (typeof value) {
    case "string":
      return value;
    case "number":
    case "boolean":
    case "bigint":
      return String(value);
    default: {
      const type = value === null ? "null" : typeof value;
      throw new TypeError(`Form field "${name}" must be a string or an array of strings, not ${type}`);
    }
  }
}
