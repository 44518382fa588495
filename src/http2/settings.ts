import { uint32At } from "./frame-checks.js";
import {
  DEFAULT_WINDOW,
  FLOW_CONTROL_ERROR,
  MAX_31_BITS,
  MAX_FRAME_BYTES,
  MAX_FRAME_BYTES_LIMIT,
  SETTING_ENABLE_CONNECT_PROTOCOL,
  SETTING_ENABLE_PUSH,
  SETTING_HEADER_TABLE_SIZE,
  SETTING_INITIAL_WINDOW_SIZE,
  SETTING_MAX_CONCURRENT_STREAMS,
  SETTING_MAX_FRAME_SIZE,
  SETTING_MAX_HEADER_LIST_SIZE,
} from "./frame-types.js";
import { DEFAULT_TABLE_BYTES } from "./hpack-table.js";
import { connectionError, floodError } from "./http2-error.js";

/** Settings in one frame; RFC 9113 defines six. */
const MAX_SETTINGS = 32;

/** What the server said of itself (RFC 9113 §6.5.2). Unknown settings mean nothing. */
export class PeerSettings {
  /** Whether any came yet; until then these are the values that may be assumed. */
  received = false;
  headerTableSize: number = DEFAULT_TABLE_BYTES;
  /** Infinity: the server set no limit. */
  maxConcurrentStreams: number;
  initialWindowSize: number = DEFAULT_WINDOW;
  maxFrameSize: number = MAX_FRAME_BYTES;
  /** Infinity: the server set no limit. */
  maxHeaderListSize: number = Number.POSITIVE_INFINITY;
  /** Extended CONNECT may be used (RFC 8441). */
  connectProtocol = false;

  /** `assumedStreams` is the limit until the server has set one. */
  constructor(assumedStreams: number) {
    this.maxConcurrentStreams = assumedStreams;
  }

  /**
   * Takes the `count` settings that begin at `start`, in order.
   * @throws Http2Error of the connection for a value that none may have.
   */
  apply(buffer: Buffer, start: number, count: number): void {
    if (count > MAX_SETTINGS) {
      throw floodError(`The server sent ${count} settings in one frame; the maximum is ${MAX_SETTINGS}`);
    }
    // The first frame says all there is to say: what it leaves out has no limit.
    if (!this.received) this.maxConcurrentStreams = Number.POSITIVE_INFINITY;
    this.received = true;
    for (let at = start; at < start + count * 6; at += 6) {
      this.#set(((buffer[at] as number) << 8) | (buffer[at + 1] as number), uint32At(buffer, at + 2));
    }
  }

  #set(id: number, value: number): void {
    switch (id) {
      case SETTING_HEADER_TABLE_SIZE:
        this.headerTableSize = value;
        break;
      case SETTING_ENABLE_PUSH:
        if (value !== 0) throw badSetting("ENABLE_PUSH", value, "a server may only send 0");
        break;
      case SETTING_MAX_CONCURRENT_STREAMS:
        this.maxConcurrentStreams = value;
        break;
      case SETTING_INITIAL_WINDOW_SIZE:
        if (value > MAX_31_BITS) {
          throw badSetting("INITIAL_WINDOW_SIZE", value, "the maximum is 2147483647", FLOW_CONTROL_ERROR);
        }
        this.initialWindowSize = value;
        break;
      case SETTING_MAX_FRAME_SIZE:
        if (value < MAX_FRAME_BYTES || value > MAX_FRAME_BYTES_LIMIT) {
          throw badSetting(
            "MAX_FRAME_SIZE",
            value,
            `it must be from ${MAX_FRAME_BYTES} to ${MAX_FRAME_BYTES_LIMIT}`,
          );
        }
        this.maxFrameSize = value;
        break;
      case SETTING_MAX_HEADER_LIST_SIZE:
        this.maxHeaderListSize = value;
        break;
      case SETTING_ENABLE_CONNECT_PROTOCOL:
        if (value > 1 || (value === 0 && this.connectProtocol)) {
          throw badSetting("ENABLE_CONNECT_PROTOCOL", value, "it must be 0 or 1, and never 0 after 1");
        }
        this.connectProtocol = value === 1;
        break;
    }
  }
}

function badSetting(name: string, value: number, why: string, code?: number): Error {
  return connectionError(`The server set SETTINGS_${name} to ${value}: ${why}`, code);
}
