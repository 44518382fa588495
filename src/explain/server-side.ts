/** How to make servers and balancers keep idle connections; 65 s is above what most balancers use. */
export const SERVER_IDLE: string =
  "Node `server.keepAliveTimeout = 65_000; server.headersTimeout = 66_000`, nginx `keepalive_timeout 65s`, uvicorn `--timeout-keep-alive 65`, gunicorn `--keep-alive 65`, an ALB's `idle_timeout.timeout_seconds` below that of its targets";
