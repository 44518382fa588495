import { sameName } from "./field.js";
import { rawHeaders } from "./headers.js";
import type { Response } from "./response.js";

/** The values of the fields of that name, each as it came; `headers.get` would join them. */
export function fieldValues(response: Response, name: string): string[] {
  const raw = rawHeaders(response.headers);
  return raw.filter((_, index) => index % 2 === 1 && sameName(raw[index - 1] as string, name));
}
