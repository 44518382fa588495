import { constants } from "node:buffer";
import { decodeUtf8 } from "./body-forms.js";
import type { BodyReader } from "./body-reader.js";

/** UTF-8 of so many bytes is all that the engine makes a string of. */
const MOST = constants.MAX_STRING_LENGTH;

/** The whole body as text, decoded as UTF-8. @throws RangeError before it is read, where it is known not to fit. */
export function collectText(body: BodyReader): Promise<string> {
  const { length } = body;
  if (length <= MOST) return body.collect().then(decodeUtf8);
  const error = Object.assign(
    new RangeError(
      `Cannot read this body as text: it has ${length} bytes, and a string holds at most ${MOST}; read it as a stream (for await), or with bytes()`,
    ),
    { code: "ERR_TRUNKLINE_RESPONSE_TOO_LARGE" },
  );
  void body.cancel(error);
  return Promise.reject(error);
}

/** What of a response its errors name. */
interface ResponseLike {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
}

/** The text of a response's body parsed as JSON. @throws SyntaxError that says what came instead, without showing it. */
export function parseJson<T>(text: string, { status, headers }: ResponseLike): T {
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    const type = headers.get("content-type") ?? "no content-type";
    const what = text === "" ? "it is empty" : "it is not JSON";
    throw new SyntaxError(
      `Cannot parse the response body as JSON: ${what} (status ${status}, ${type}, ${text.length} characters)`,
      { cause },
    );
  }
}
