/** What a server may make this client hold or count on one connection. */

/** Header fields in one response head, as in HTTP/1.1. */
export const MAX_FIELDS = 1_000;
/** 1xx responses before the final one, as in HTTP/1.1. */
export const MAX_INFORMATIONAL = 100;
/** A header block may have so many times the octets that its list may have: beyond that it is not even decoded. */
export const BLOCK_FACTOR = 4;
/** Frames that carry nothing between two that carry something. */
export const MAX_IDLE_FRAMES = 1_000;
/** Streams that this client reset because of what the server sent on them; one is forgiven a second. */
export const MAX_FAULTY_STREAMS = 100;
/** Resets of the caller's that a server is asked to bear at once, and how many more a second. */
export const RESET_BURST = 100;
export const RESETS_PER_SECOND = 10;
/** Ids of streams that were reset, for which late frames are no surprise. */
export const REMEMBERED_RESETS = 64;
/** Ids of streams that ended in order, for which frames that still come are a fault of the connection. */
export const REMEMBERED_ENDS = 64;
/** The last stream id that is used; the connection is replaced after it. */
export const LAST_STREAM_ID: number = 2 ** 30 - 1;
/** Octets of answers (to PING and SETTINGS) that may wait for a server which takes nothing. */
export const MAX_UNREAD_ANSWERS: number = 64 * 1024;
/** Of the text in a GOAWAY frame, either way. */
export const MAX_DEBUG_BYTES = 100;
/**
 * DATA frames that carry so few octets are mostly their own heads. So many may come at once, and then so many a second:
 * far more than any server that sends a body word by word, and far less than one could send to keep this side busy.
 */
export const TINY_DATA = 8;
export const TINY_DATA_BURST = 100_000;
export const TINY_DATA_PER_SECOND = 10_000;
