export { readRecording } from "./read-recording.js";
export { type OpenRecording, writeRecording } from "./recording-writer.js";
