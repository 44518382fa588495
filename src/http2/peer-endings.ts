import { http2CodeName } from "../errors/index.js";
import { ENHANCE_YOUR_CALM, HTTP_1_1_REQUIRED, INADEQUATE_SECURITY, REFUSED_STREAM } from "./frame-types.js";
import { Http2Error } from "./http2-error.js";

/** What a code of the server's is about, where a reader can do something with it. */
function remedy(code: number): string {
  if (code === HTTP_1_1_REQUIRED) return "; it requires HTTP/1.1 for this request";
  if (code === INADEQUATE_SECURITY) return "; it does not accept the negotiated TLS version or cipher";
  if (code === ENHANCE_YOUR_CALM) return "; it considers the load from this client excessive";
  return "";
}

/** The server sent RST_STREAM before its response was complete. */
export function resetByServer(id: number, code: number, status: number): Http2Error {
  if (code === REFUSED_STREAM && status === 0) {
    return new Http2Error(
      "ERR_TRUNKLINE_STREAM_REFUSED",
      "stream",
      code,
      `The server refused stream ${id} without processing the request (REFUSED_STREAM)`,
    );
  }
  const when = status === 0 ? "before it answered" : `in the middle of its ${status} response`;
  return new Http2Error(
    "ERR_TRUNKLINE_STREAM_RESET",
    "stream",
    code,
    `The server reset stream ${id} ${when}, with ${http2CodeName(code)}${remedy(code)}`,
  );
}

/** The server sent GOAWAY and did not process the stream. */
export function goneAway(last: number, code: number, debug: string): Http2Error {
  const words = debug === "" ? "" : ` and the message ${JSON.stringify(debug)}`;
  return new Http2Error(
    "ERR_TRUNKLINE_GOAWAY",
    "stream",
    code,
    `The server accepts no more requests on this connection and did not process this one: GOAWAY with ${http2CodeName(code)}, last stream ${last}${words}${remedy(code)}`,
  );
}

/** A server's debug text as it may be shown: what is not printable ASCII becomes a full stop. */
export function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, ".");
}
