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
