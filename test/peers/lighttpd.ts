import { type Peer, portAndPath, type Site } from "./peer.js";

const config = (site: Site): string => `
server.modules = ("mod_access", "mod_accesslog", "mod_alias", "mod_auth", "mod_authn_file", "mod_deflate", "mod_openssl", "mod_proxy")
server.document-root = "${site.root}"
server.errorlog = "${site.folder}/error.log"
server.port = ${site.port}
server.bind = "127.0.0.1"
server.max-keep-alive-idle = 60
server.max-keep-alive-requests = 10000
server.stream-request-body = 2
server.stream-response-body = 2
server.feature-flags = ("server.graceful-restart-bg" => "enable", "server.graceful-shutdown-timeout" => 5)
mimetype.assign = (".txt" => "text/plain", "" => "application/octet-stream")
deflate.mimetypes = ("text/plain")
deflate.allowed-encodings = ("gzip")
accesslog.filename = "${site.folder}/access.log"
accesslog.format = "port=%{remote}p path=%U?%q"
auth.backend = "plain"
auth.backend.plain.userfile = "${site.folder}/users"
alias.url = ("/digest/" => "${site.root}/")
$HTTP["url"] =~ "^/secret/" {
  auth.require = ("" => ("method" => "basic", "realm" => "peers", "require" => "valid-user"))
}
$HTTP["url"] =~ "^/digest/" {
  auth.require = ("" => ("method" => "digest", "realm" => "peers", "require" => "valid-user"))
}
$HTTP["url"] =~ "^/backend/" {
  proxy.server = ("" => (("host" => "127.0.0.1", "port" => ${site.backendPort})))
  proxy.header = ("map-urlpath" => ("/backend/" => "/"))
}
$SERVER["socket"] == "127.0.0.1:${site.shortPort}" {
  server.max-keep-alive-idle = 1
}
$SERVER["socket"] == "127.0.0.1:${site.tlsPort}" {
  ssl.engine = "enable"
  ssl.pemfile = "${site.certificates}/server.pem"
  ssl.ca-file = "${site.certificates}/ca.crt"
  ssl.verifyclient.activate = "enable"
  ssl.verifyclient.enforce = "enable"
}
`;

/** lighttpd 1.4 drops an upstream's trailers. */
export const lighttpd: Peer = {
  name: "lighttpd",
  abilities: ["static", "gzip", "basic", "digest", "continue", "not-modified"],
  files: (site) => ({ "lighttpd.conf": config(site), users: "user:pass\n" }),
  command: (site) => ["lighttpd", "-D", "-f", `${site.folder}/lighttpd.conf`],
  reload: "SIGUSR1",
  parseLine: (line) => portAndPath(line.replace(/\?$/, "")), // it logs the query without its question mark
};
