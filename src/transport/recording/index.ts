export { type OpenRecording, readRecording, writeRecording } from "./recording-file.js";
