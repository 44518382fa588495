import { type Peer, portAndPath, type Site } from "./peer.js";

const config = (site: Site): string => `
global
  maxconn 256
  log 127.0.0.1:${site.port + 3} format raw local0
  tune.bufsize 32768
defaults
  mode http
  log global
  log-format "port=%cp path=%HU"
  option http-keep-alive
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  timeout http-request 10s
  timeout http-keep-alive 60s
  compression algo gzip
  compression type text/plain
userlist people
  user user insecure-password pass
frontend main
  bind 127.0.0.1:${site.port}
  acl secret path_beg /secret/
  acl granted http_auth(people)
  http-request auth realm peers if secret !granted
  http-request early-hint Link "</style.css>; rel=preload" if { path /hints }
  http-request replace-path /backend(/.*) \\1
  default_backend node
frontend short
  bind 127.0.0.1:${site.shortPort}
  timeout http-keep-alive 1s
  default_backend node
frontend secure
  bind 127.0.0.1:${site.tlsPort} ssl crt ${site.certificates}/server.pem ca-file ${site.certificates}/ca.crt verify required
  default_backend node
backend node
  server node 127.0.0.1:${site.backendPort}
`;

/** HAProxy serves no files: everything comes from the backend, which has the same ones. It logs by syslog only. */
export const haproxy: Peer = {
  name: "haproxy",
  abilities: ["gzip", "basic", "trailers", "early-hints", "continue"],
  files: (site) => ({ "haproxy.cfg": config(site) }),
  command: (site) => ["haproxy", "-W", "-db", "-f", `${site.folder}/haproxy.cfg`],
  reload: "SIGUSR2",
  parseLine: portAndPath,
};
