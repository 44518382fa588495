import { extractMimeType } from "./mime-type.js";
import { parseMultipart } from "./multipart-parser.js";

/**
 * A body as the platform's `FormData` (Fetch §5.3 "formData()"): `multipart/form-data` or
 * `application/x-www-form-urlencoded`. The platform's class is loaded at the first use (16 to 24 ms).
 *
 * @throws TypeError when the content type is neither of the two, or the body is not what it says.
 */
export function parseFormData(bytes: Uint8Array, contentType: string | null): FormData {
  const type = extractMimeType(contentType);
  if (type?.essence === "multipart/form-data") {
    const boundary = type.parameters.get("boundary");
    if (boundary === undefined) {
      throw new TypeError("Cannot read this body as multipart/form-data: its content type has no boundary");
    }
    return parseMultipart(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), boundary);
  }
  if (type?.essence === "application/x-www-form-urlencoded") {
    const form = new FormData();
    // With a "?" in front, since the constructor takes one away.
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
    for (const [name, value] of new URLSearchParams(`?${text}`)) form.append(name, value);
    return form;
  }
  const seen = contentType === null ? "has no content type" : `is ${JSON.stringify(contentType)}`;
  throw new TypeError(
    `formData() reads multipart/form-data or application/x-www-form-urlencoded, and this body ${seen}`,
  );
}
