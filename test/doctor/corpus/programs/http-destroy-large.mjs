// Large bodies given up after their first bytes.
import http from "node:http";
import { serve, times } from "../server.mjs";

const server = await serve();
await times(
  12,
  () =>
    new Promise((resolve) => {
      http.get(`${server.url}/large`, (response) => {
        response.once("data", () => {
          response.destroy();
          response.on("close", resolve);
        });
      });
    }),
);
server.close();
