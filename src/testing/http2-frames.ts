import {
  dataHeader,
  frameHeader,
  goAwayFrame,
  type HpackEncoder,
  headersFrames,
  INDEX,
  pingFrame,
  rstStreamFrame,
  SETTINGS_ACK,
  settingsFrame,
  windowUpdateFrame,
} from "../http2/index.js";
import type { ExtraHeaders } from "./wire-connection.js";

/** The names of HTTP/2 settings (RFC 9113 §6.5.2, RFC 8441). */
export type Http2SettingName =
  | "headerTableSize"
  | "enablePush"
  | "maxConcurrentStreams"
  | "initialWindowSize"
  | "maxFrameSize"
  | "maxHeaderListSize"
  | "enableConnectProtocol";

/** In the order of their numbers. */
const SETTING_IDS: Readonly<Record<Http2SettingName, number>> = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
  enableConnectProtocol: 8,
};

/** HTTP/2 settings: by name, or as numbers (id, value, id, value, …). */
export type Http2Settings = Readonly<Partial<Record<Http2SettingName, number>>> | readonly number[];

/** An HTTP/2 frame to send. Defaults: stream 0, no flags, error code 0, no data. */
export type Http2Frame =
  | {
      readonly type: "HEADERS";
      /** The stream's id. */
      readonly stream: number;
      /** The `:status` of a response; leave it out in trailers. */
      readonly status?: number | string;
      /** The fields; default none. */
      readonly headers?: ExtraHeaders;
      /** Whether this ends the stream; default false. */
      readonly endStream?: boolean;
      /** Bytes of the header block in each frame, the rest in CONTINUATION frames; default 16,384. */
      readonly split?: number;
    }
  | {
      readonly type: "DATA";
      /** The stream's id. */
      readonly stream: number;
      /** The content, a string as UTF-8; default empty. */
      readonly data?: string | Uint8Array;
      /** Whether this ends the stream; default false. */
      readonly endStream?: boolean;
      /** Bytes of padding; default: not padded. */
      readonly padding?: number;
    }
  | {
      readonly type: "SETTINGS";
      /** The settings; default none. */
      readonly settings?: Http2Settings;
      /** Sends an acknowledgement instead; default false. */
      readonly ack?: boolean;
    }
  | {
      readonly type: "PING";
      /** Eight characters; shorter data is filled with NUL, longer data is cut. */
      readonly data?: string;
      /** Whether it is an acknowledgement; default false. */
      readonly ack?: boolean;
    }
  | {
      readonly type: "RST_STREAM";
      /** The stream's id. */
      readonly stream: number;
      /** The error code; default 0, `NO_ERROR`. */
      readonly code?: number;
    }
  | {
      readonly type: "GOAWAY";
      /** The last stream that the server processes. */
      readonly lastStream: number;
      /** The error code; default 0, `NO_ERROR`. */
      readonly code?: number;
      /** The debug text; default empty. */
      readonly debug?: string;
    }
  | {
      readonly type: "WINDOW_UPDATE";
      /** The stream's id; default 0, the connection. */
      readonly stream?: number;
      /** Bytes to add to the window. */
      readonly increment: number;
    }
  /** Any frame, valid or not. */
  | {
      /** The type's number. */
      readonly type: number;
      /** The flags; default 0. */
      readonly flags?: number;
      /** The stream's id; default 0. */
      readonly stream?: number;
      /** The payload, a string as UTF-8; default empty. */
      readonly payload?: string | Uint8Array;
      /** The length in the frame's header; default: that of the payload. */
      readonly length?: number;
    };

/** Name, value, name, value, … */
export function flatHeaders(headers: ExtraHeaders): string[] {
  const flat = Array.isArray(headers) ? (headers as readonly string[]) : Object.entries(headers).flat();
  return flat.map(String);
}

function latin1(data: string | Uint8Array): string {
  return typeof data === "string"
    ? Buffer.from(data, "utf8").toString("latin1")
    : Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("latin1");
}

/** Settings as numbers: setting, value, setting, value, … */
function settingPairs(settings: Http2Settings): number[] {
  if (Array.isArray(settings)) return [...(settings as readonly number[])];
  const named = settings as Readonly<Partial<Record<Http2SettingName, number>>>;
  return (Object.keys(SETTING_IDS) as Http2SettingName[]).flatMap((name) => {
    const value = named[name];
    return value === undefined ? [] : [SETTING_IDS[name], value];
  });
}

/** The octets of a frame, one character each. Header blocks go through the connection's encoder, in order. */
export function encodeFrame(frame: Http2Frame, encoder: HpackEncoder): string {
  switch (frame.type) {
    case "HEADERS": {
      let block = encoder.sizeUpdate();
      if (frame.status !== undefined) block += encoder.field(":status", String(frame.status), INDEX);
      const fields = flatHeaders(frame.headers ?? []);
      for (let i = 0; i < fields.length; i += 2) {
        block += encoder.field(fields[i] as string, latin1(fields[i + 1] as string), INDEX);
      }
      return headersFrames(frame.stream, block, frame.endStream ?? false, frame.split ?? 16_384);
    }
    case "DATA": {
      const data = latin1(frame.data ?? "");
      const end = frame.endStream ?? false;
      if (frame.padding === undefined) return dataHeader(frame.stream, data.length, end) + data;
      const head = frameHeader(0, end ? 9 : 8, frame.stream, data.length + frame.padding + 1);
      return `${head}${String.fromCharCode(frame.padding)}${data}${"\0".repeat(frame.padding)}`;
    }
    case "SETTINGS":
      return frame.ack === true ? SETTINGS_ACK : settingsFrame(settingPairs(frame.settings ?? []));
    case "PING":
      return pingFrame((frame.data ?? "").padEnd(8, "\0").slice(0, 8), frame.ack ?? false);
    case "RST_STREAM":
      return rstStreamFrame(frame.stream, frame.code ?? 0);
    case "GOAWAY":
      return goAwayFrame(frame.lastStream, frame.code ?? 0, frame.debug ?? "");
    case "WINDOW_UPDATE":
      return windowUpdateFrame(frame.stream ?? 0, frame.increment);
    default: {
      const payload = latin1(frame.payload ?? "");
      return (
        frameHeader(frame.type, frame.flags ?? 0, frame.stream ?? 0, frame.length ?? payload.length) + payload
      );
    }
  }
}
