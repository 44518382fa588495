export { phaseBoxes, probeStory } from "./probe-story.js";
export { Progress } from "./progress.js";
export { connectionStory } from "./story.js";
export { type Bar, bars, duration, percent, size, table } from "./table.js";
