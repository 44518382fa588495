/** The numbers of RFC 9113. */

/** Octets before every payload. */
export const FRAME_HEADER_BYTES = 9;
/** The largest payload this client takes: the default, which it leaves as it is. */
export const MAX_FRAME_BYTES = 16_384;
/**
 * What this client accepts of a server that sends much: as much as one read brings, in a quarter of the frames. A small
 * response waits no longer for it than for what lies in the server's socket already.
 */
export const LARGE_FRAME_BYTES = 65_536;
/** The largest payload a peer may ever announce (§6.5.2). */
export const MAX_FRAME_BYTES_LIMIT = 16_777_215;
/** Of every window until SETTINGS say otherwise (§6.9.2). */
export const DEFAULT_WINDOW = 65_535;
/** Windows, stream ids and increments have 31 bits. */
export const MAX_31_BITS = 2_147_483_647;

export const DATA = 0;
export const HEADERS = 1;
export const PRIORITY = 2;
export const RST_STREAM = 3;
export const SETTINGS = 4;
export const PUSH_PROMISE = 5;
export const PING = 6;
export const GOAWAY = 7;
export const WINDOW_UPDATE = 8;
export const CONTINUATION = 9;

export const FLAG_ACK = 0x1;
export const FLAG_END_STREAM = 0x1;
export const FLAG_END_HEADERS = 0x4;
export const FLAG_PADDED = 0x8;
export const FLAG_PRIORITY = 0x20;

export const SETTING_HEADER_TABLE_SIZE = 1;
export const SETTING_ENABLE_PUSH = 2;
export const SETTING_MAX_CONCURRENT_STREAMS = 3;
export const SETTING_INITIAL_WINDOW_SIZE = 4;
export const SETTING_MAX_FRAME_SIZE = 5;
export const SETTING_MAX_HEADER_LIST_SIZE = 6;
export const SETTING_ENABLE_CONNECT_PROTOCOL = 8;

export const NO_ERROR = 0;
export const PROTOCOL_ERROR = 1;
export const FLOW_CONTROL_ERROR = 3;
export const STREAM_CLOSED = 5;
export const FRAME_SIZE_ERROR = 6;
export const REFUSED_STREAM = 7;
export const CANCEL = 8;
export const COMPRESSION_ERROR = 9;
export const ENHANCE_YOUR_CALM = 11;
export const INADEQUATE_SECURITY = 12;
export const HTTP_1_1_REQUIRED = 13;

const FRAME_NAMES = [
  "DATA",
  "HEADERS",
  "PRIORITY",
  "RST_STREAM",
  "SETTINGS",
  "PUSH_PROMISE",
  "PING",
  "GOAWAY",
  "WINDOW_UPDATE",
  "CONTINUATION",
];

/** The name of a frame's type, for errors and logs; `type 0x2a` for one RFC 9113 does not know. */
export function frameName(type: number): string {
  return FRAME_NAMES[type] ?? `type 0x${type.toString(16).padStart(2, "0")}`;
}
