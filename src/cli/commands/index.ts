export { commands, defaultCommand } from "./table.js";
