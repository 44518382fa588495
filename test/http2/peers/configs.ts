import { fileURLToPath } from "node:url";
import { type Ability, type Peer, portAndPath, type Site } from "../../peers/peer.js";

/** What a server of HTTP/2 adds to {@link Peer}. */
export interface Http2Peer extends Peer {
  /** Where uploads are digested and POSTs counted; undefined where the server does not pass requests on. */
  readonly backend: string | undefined;
  /**
   * It can be told to reload. `rough`: it then ends some requests that it has taken and would have had to finish, so that
   * a POST of them fails; the comment beside says how. Most of those had reached the backend: a retry would repeat them.
   */
  readonly reloads?: "clean" | "rough";
}

type Start = (site: Site) => readonly string[];

const tls = (site: Site): { cert: string; key: string } => ({
  cert: `${site.certificates}/server.crt`,
  key: `${site.certificates}/server.key`,
});
const all = (site: Site): readonly number[] => [site.port, site.shortPort, site.tlsPort];

function peer(
  name: string,
  abilities: readonly Ability[],
  files: Peer["files"],
  command: Start,
  more: Partial<Http2Peer> & Pick<Http2Peer, "reload">,
): Http2Peer {
  return { name, abilities, files, command, parseLine: portAndPath, backend: "/backend", ...more };
}

const nginxServer = (site: Site, port: number, requests: number): string => `
  server {
    listen 127.0.0.1:${port} ssl http2;
    ssl_certificate ${tls(site).cert};
    ssl_certificate_key ${tls(site).key};
    keepalive_requests ${requests};
    location /trailers { add_trailer X-Sum peers; try_files /text.txt =404; }
    location /backend/ { proxy_pass http://backend/; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_request_buffering off; }
  }`;

export const nginx: Http2Peer = peer(
  "nginx",
  ["trailers"],
  (site) => ({
    "nginx.conf": `
user root;
daemon off;
worker_processes 1;
pid ${site.folder}/nginx.pid;
error_log ${site.folder}/error.log;
events { worker_connections 1024; }
http {
  access_log off;
  types { text/plain txt; }
  client_body_temp_path ${site.folder}/body;
  proxy_temp_path ${site.folder}/proxy;
  fastcgi_temp_path ${site.folder}/fastcgi;
  uwsgi_temp_path ${site.folder}/uwsgi;
  scgi_temp_path ${site.folder}/scgi;
  client_max_body_size 0;
  root ${site.root};
  upstream backend { server 127.0.0.1:${site.backendPort}; keepalive 64; }
  ${nginxServer(site, site.port, 1000)}
  ${nginxServer(site, site.shortPort, 100)}
  ${nginxServer(site, site.tlsPort, 1000)}
}`,
  }),
  (site) => ["nginx", "-p", site.folder, "-c", `${site.folder}/nginx.conf`, "-e", `${site.folder}/error.log`],
  { reload: "SIGHUP", reloads: "clean" },
);

const APACHE_MODULES = ["mpm_event", "authz_core", "mime", "alias", "proxy", "proxy_http", "ssl", "http2"];

/** Amid a graceful restart mod_http2 can fail with an error of its own (GOAWAY with code -902) and drop the connection. */
export const apache: Http2Peer = peer(
  "apache",
  ["trailers"],
  (site) => ({
    "apache.conf": `
ServerRoot ${site.folder}
ServerName 127.0.0.1
PidFile ${site.folder}/apache.pid
Mutex sem
User www-data
Group www-data
${APACHE_MODULES.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join("\n")}
ErrorLog ${site.folder}/error.log
TypesConfig /etc/mime.types
${all(site)
  .map((port) => `Listen 127.0.0.1:${port}`)
  .join("\n")}
StartServers 2
ThreadsPerChild 25
MaxRequestWorkers 100
KeepAliveTimeout 60
MaxKeepAliveRequests 100000
DocumentRoot ${site.root}
<Directory ${site.root}>
  Require all granted
</Directory>
Protocols h2 http/1.1
SSLEngine on
SSLCertificateFile ${tls(site).cert}
SSLCertificateKeyFile ${tls(site).key}
ProxyPass /backend/ http://127.0.0.1:${site.backendPort}/ disablereuse=on
`,
  }),
  (site) => ["apache2", "-D", "FOREGROUND", "-f", `${site.folder}/apache.conf`],
  { reload: "SIGUSR1", reloads: "rough" },
);

export const haproxy: Http2Peer = peer(
  "haproxy-h2",
  ["trailers"],
  (site) => ({
    "haproxy.cfg": `
global
  maxconn 512
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend main
${all(site)
  .map((port) => `  bind 127.0.0.1:${port} ssl crt ${site.certificates}/server.pem alpn h2,http/1.1`)
  .join("\n")}
  http-request replace-path /backend(/.*) \\1
  default_backend node
backend node
  server node 127.0.0.1:${site.backendPort}
`,
  }),
  (site) => ["haproxy", "-W", "-db", "-f", `${site.folder}/haproxy.cfg`],
  { reload: "SIGUSR2", reloads: "clean" },
);

export const h2o: Http2Peer = peer(
  "h2o",
  [],
  (site) => ({
    "h2o.conf": `
num-threads: 1
user: root
error-log: ${site.folder}/error.log
hosts:
  default:
    listen:
      host: 127.0.0.1
      port: ${site.tlsPort}
      ssl:
        certificate-file: ${tls(site).cert}
        key-file: ${tls(site).key}
    paths:
      /backend:
        proxy.reverse.url: "http://127.0.0.1:${site.backendPort}/"
        proxy.timeout.keepalive: 0
      /:
        file.dir: ${site.root}
`,
  }),
  // Its master starts new workers, and has the old ones finish.
  (site) => ["h2o", "-m", "master", "-c", `${site.folder}/h2o.conf`],
  { reload: "SIGHUP", reloads: "clean", ports: ["tlsPort"] },
);

/**
 * It ignores heads that come after its first GOAWAY, which takes all streams, and resets them as their bodies come. The
 * trailers that it passes on end with a control character, which RFC 9113 section 8.2.1 has clients refuse.
 */
export const lighttpd: Http2Peer = peer(
  "lighttpd-h2",
  [],
  (site) => ({
    "lighttpd.conf": `
server.modules = ("mod_access", "mod_alias", "mod_openssl", "mod_proxy")
server.document-root = "${site.root}"
server.errorlog = "${site.folder}/error.log"
server.port = ${site.port}
server.bind = "127.0.0.1"
server.max-keep-alive-idle = 60
server.max-keep-alive-requests = 100000
server.stream-request-body = 2
server.stream-response-body = 2
server.feature-flags = ("server.graceful-restart-bg" => "enable", "server.graceful-shutdown-timeout" => 30)
mimetype.assign = (".txt" => "text/plain", "" => "application/octet-stream")
$HTTP["url"] =~ "^/backend/" {
  proxy.server = ("" => (("host" => "127.0.0.1", "port" => ${site.backendPort})))
  proxy.header = ("map-urlpath" => ("/backend/" => "/"))
}
ssl.engine = "enable"
ssl.pemfile = "${site.certificates}/server.pem"
$SERVER["socket"] == "127.0.0.1:${site.shortPort}" { ssl.engine = "enable" }
$SERVER["socket"] == "127.0.0.1:${site.tlsPort}" { ssl.engine = "enable" }
`,
  }),
  (site) => ["lighttpd", "-D", "-f", `${site.folder}/lighttpd.conf`],
  { reload: "SIGUSR1", reloads: "rough" },
);

const caddyAdmin = (site: Site): number => site.port + 3;

/** With its old configuration it drops the connections to the backend, and resets what waits for them. */
export const caddy: Http2Peer = peer(
  "caddy",
  ["trailers"],
  (site) => ({
    Caddyfile: `
{
  admin 127.0.0.1:${caddyAdmin(site)}
  auto_https off
  grace_period 30s
}
${all(site)
  .map((port) => `https://:${port}`)
  .join(", ")} {
  bind 127.0.0.1
  tls ${tls(site).cert} ${tls(site).key}
  handle_path /backend/* {
    reverse_proxy 127.0.0.1:${site.backendPort} {
      flush_interval -1
    }
  }
  root * ${site.root}
  file_server
}
`,
  }),
  (site) => ["caddy", "run", "--adapter", "caddyfile", "--config", `${site.folder}/Caddyfile`],
  {
    reloads: "rough",
    reload: (site) => [
      "caddy",
      "reload",
      "--force",
      "--adapter",
      "caddyfile",
      "--config",
      `${site.folder}/Caddyfile`,
      "--address",
      `127.0.0.1:${caddyAdmin(site)}`,
    ],
  },
);

export const nghttpd: Http2Peer = peer(
  "nghttpd",
  ["trailers"],
  () => ({}),
  (site) => [
    "nghttpd",
    "--address=127.0.0.1",
    `--htdocs=${site.root}`,
    "--trailer=x-sum: peers",
    String(site.tlsPort),
    tls(site).key,
    tls(site).cert,
  ],
  { reload: "SIGTERM", backend: undefined, ports: ["tlsPort"] },
);

const own = (name: string): string =>
  fileURLToPath(new URL(`../../../../test/http2/peers/${name}`, import.meta.url));

/** `node:http2`; a program of its own, so that it can be killed. */
export const node: Http2Peer = peer(
  "node",
  ["trailers"],
  () => ({}),
  (site) => [
    process.execPath,
    own("node-server.mjs"),
    String(site.tlsPort),
    site.root,
    tls(site).cert,
    tls(site).key,
  ],
  { reload: "SIGTERM", ports: ["tlsPort"] },
);

/** Go's `net/http`; the program is built by the step that runs the peers. */
export const go: Http2Peer = peer(
  "go",
  ["trailers"],
  () => ({}),
  (site) => [
    process.env["TRUNKLINE_GO_SERVER"] ?? "go-server",
    `127.0.0.1:${site.tlsPort}`,
    site.root,
    tls(site).cert,
    tls(site).key,
  ],
  { reload: "SIGTERM", ports: ["tlsPort"] },
);

export const hypercorn: Http2Peer = peer(
  "hypercorn",
  ["trailers"],
  () => ({}),
  (site) => [
    "python3",
    "-m",
    "hypercorn",
    "--bind",
    `127.0.0.1:${site.tlsPort}`,
    "--certfile",
    tls(site).cert,
    "--keyfile",
    tls(site).key,
    "asgi_app:app",
  ],
  { reload: "SIGTERM", ports: ["tlsPort"] },
);
