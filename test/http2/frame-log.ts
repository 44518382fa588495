import type { FrameVisitor } from "../../src/http2/index.js";

/** Writes down what a frame reader reports, in a form that does not depend on how the octets were cut. */
export class FrameLog implements FrameVisitor {
  readonly maxFrame = 16_384;
  readonly lines: string[] = [];
  #data = "";

  frame(type: number, flags: number, stream: number, length: number): void {
    this.lines.push(`frame ${type} ${flags} ${stream} ${length}`);
  }
  data(_stream: number, buffer: Buffer, start: number, end: number): void {
    this.#data += buffer.toString("latin1", start, end);
  }
  dataEnd(stream: number, endStream: boolean): void {
    this.lines.push(`data ${stream} ${JSON.stringify(this.#data)} ${endStream}`);
    this.#data = "";
  }
  headerBlock(stream: number, buffer: Buffer, start: number, end: number, endStream: boolean): void {
    this.lines.push(`block ${stream} ${JSON.stringify(buffer.toString("latin1", start, end))} ${endStream}`);
  }
  rstStream(stream: number, code: number): void {
    this.lines.push(`rst ${stream} ${code}`);
  }
  settings(buffer: Buffer, start: number, count: number): void {
    this.lines.push(`settings ${buffer.toString("hex", start, start + 6 * count)}`);
  }
  settingsAck(): void {
    this.lines.push("settings ack");
  }
  ping(buffer: Buffer, start: number, ack: boolean): void {
    this.lines.push(`ping ${buffer.toString("latin1", start, start + 8)} ${ack}`);
  }
  goAway(lastStream: number, code: number, buffer: Buffer, from: number, to: number): void {
    this.lines.push(`goaway ${lastStream} ${code} ${buffer.toString("latin1", from, to)}`);
  }
  windowUpdate(stream: number, increment: number): void {
    this.lines.push(`window ${stream} ${increment}`);
  }
  ignored(type: number, stream: number): void {
    this.lines.push(`ignored ${type} ${stream}`);
  }
  streamFault(stream: number, error: Error): void {
    this.lines.push(`fault ${stream} ${error.message}`);
  }
}
