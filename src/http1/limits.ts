/**
 * What a server may make this client hold or count for one response. Each is far above anything honest servers
 * send, so that crossing one means a fault or an attack; the error then carries `limit: true`.
 */

/** Bytes of all heads of one response, 1xx ones included, unless the `maxHeaderBytes` option says otherwise. */
export const DEFAULT_MAX_HEAD_BYTES = 65_536;

/** Header fields in one head. Every field costs its reader an object; 65,536 bytes alone would allow 16,000. */
export const MAX_HEADER_COUNT = 1_000;

/** 1xx responses before the final one. A WebDAV server may send 102 every few seconds for minutes; none sends 100. */
export const MAX_INFORMATIONAL = 100;

/** Bytes of chunk extensions in one whole body, not per chunk: nobody reads them, so they can only waste time. */
export const MAX_CHUNK_EXTENSION_BYTES = 16_384;

/** Hexadecimal digits of one chunk size, leading zeros included: enough for 64 bits. */
export const MAX_CHUNK_SIZE_DIGITS = 16;

/** Bytes of one trailer section, its line ends included. Trailers hold a checksum or a status, not a document. */
export const MAX_TRAILER_BYTES = 16_384;
