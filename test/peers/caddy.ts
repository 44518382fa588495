import type { Logged, Peer, Site } from "./peer.js";

/** The hash of "pass"; Caddy takes no other kind than bcrypt. */
const HASH = "$2a$14$fbXSCiDw1wNpypjxEc936.lpJuc22zPiQOFupTlRaZI2E.2Ert3li";

const adminPort = (site: Site): number => site.port + 3;

const config = (site: Site): string => `
{
  admin 127.0.0.1:${adminPort(site)}
  auto_https off
  servers 127.0.0.1:${site.port} {
    protocols h1
    timeouts {
      idle 60s
    }
  }
  servers 127.0.0.1:${site.shortPort} {
    protocols h1
    timeouts {
      idle 1s
    }
  }
  servers 127.0.0.1:${site.tlsPort} {
    protocols h1
  }
}
(site) {
  root * ${site.root}
  log {
    output file ${site.folder}/access.log
    format json
  }
}
http://127.0.0.1:${site.port} {
  bind 127.0.0.1
  import site
  encode gzip {
    minimum_length 100
  }
  basicauth /secret/* {
    user ${HASH}
  }
  handle_path /backend/* {
    reverse_proxy 127.0.0.1:${site.backendPort} {
      flush_interval -1
    }
  }
  file_server
}
http://127.0.0.1:${site.shortPort} {
  bind 127.0.0.1
  import site
  file_server
}
https://:${site.tlsPort} {
  bind 127.0.0.1
  import site
  tls ${site.certificates}/server.crt ${site.certificates}/server.key {
    client_auth {
      mode require_and_verify
      trusted_ca_cert_file ${site.certificates}/ca.crt
    }
  }
  file_server
}
`;

function parseLine(line: string): Logged | undefined {
  if (!line.startsWith("{")) return undefined;
  const { request } = JSON.parse(line) as { request?: { remote_port: string; uri: string } };
  return request === undefined ? undefined : { port: Number(request.remote_port), path: request.uri };
}

/** Caddy 2.6, which is Go's net/http on the server's side; it passes no 103 on. */
export const caddy: Peer = {
  name: "caddy",
  abilities: ["static", "gzip", "basic", "trailers", "continue", "not-modified"],
  files: (site) => ({ Caddyfile: config(site) }),
  command: (site) => ["caddy", "run", "--adapter", "caddyfile", "--config", `${site.folder}/Caddyfile`],
  reload: (site) => [
    "caddy",
    "reload",
    "--force",
    "--adapter",
    "caddyfile",
    "--config",
    `${site.folder}/Caddyfile`,
    "--address",
    `127.0.0.1:${adminPort(site)}`,
  ],
  parseLine,
};
