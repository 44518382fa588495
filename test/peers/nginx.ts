import { type Peer, portAndPath, type Site } from "./peer.js";

const config = (site: Site): string => `
user root;
daemon off;
worker_processes 1;
pid ${site.folder}/nginx.pid;
error_log ${site.folder}/error.log;
events { worker_connections 512; }
http {
  types { text/plain txt; application/octet-stream bin; }
  log_format ports 'port=$remote_port path=$request_uri';
  access_log ${site.folder}/access.log ports;
  client_body_temp_path ${site.folder}/body;
  proxy_temp_path ${site.folder}/proxy;
  fastcgi_temp_path ${site.folder}/fastcgi;
  uwsgi_temp_path ${site.folder}/uwsgi;
  scgi_temp_path ${site.folder}/scgi;
  client_max_body_size 0;
  keepalive_requests 10000;
  gzip on;
  gzip_types text/plain;
  gzip_min_length 100;
  root ${site.root};
  upstream backend { server 127.0.0.1:${site.backendPort}; }
  server {
    listen 127.0.0.1:${site.port};
    keepalive_timeout 60s;
    location /secret/ { auth_basic peers; auth_basic_user_file ${site.folder}/users; }
    location /trailers.txt { gzip on; add_trailer X-Sum peers; try_files /text.txt =404; }
    location /backend/ {
      proxy_pass http://backend/;
      proxy_http_version 1.1;
      proxy_request_buffering off;
      proxy_buffering off;
    }
  }
  server {
    listen 127.0.0.1:${site.shortPort};
    keepalive_timeout 1s;
    location /hint/ { keepalive_timeout 60s 2s; alias ${site.root}/; }
  }
  server {
    listen 127.0.0.1:${site.tlsPort} ssl;
    ssl_certificate ${site.certificates}/server.crt;
    ssl_certificate_key ${site.certificates}/server.key;
    ssl_client_certificate ${site.certificates}/ca.crt;
    ssl_verify_client on;
  }
}
`;

/** nginx 1.22 passes no 103 on and drops an upstream's trailers; it adds trailers of its own to chunked bodies. */
export const nginx: Peer = {
  name: "nginx",
  abilities: ["static", "gzip", "basic", "trailers", "keep-alive-hint", "continue", "not-modified"],
  files: (site) => ({ "nginx.conf": config(site), users: "user:{PLAIN}pass\n" }),
  command: (site) => [
    "nginx",
    "-p",
    site.folder,
    "-c",
    `${site.folder}/nginx.conf`,
    "-e",
    `${site.folder}/error.log`,
  ],
  reload: "SIGHUP",
  parseLine: portAndPath,
};
