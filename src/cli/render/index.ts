export { type Bar, bars } from "./bars.js";
export { phaseBoxes } from "./phase-boxes.js";
export { probeStory } from "./probe-story.js";
export { Progress } from "./progress.js";
export { connectionStory } from "./story.js";
export { duration, grouped, percent, plural, size, table } from "./table.js";
