// `responseType: "stream"`, and only the status is used.
import axios from "axios";
import { pause, serve, times } from "../server.mjs";

const server = await serve();
await times(12, () => axios.get(server.url, { responseType: "stream" }));
await pause(20);
process.exit();
