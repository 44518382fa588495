export { demo } from "./command.js";
export { serve } from "./servers.js";
