// Serves the built pages at /shop/ and passes /parse on to the server, as parsepy's option `sites`
// does in one process: `node pages.mjs FOLDER SERVER`; prints its port.
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer, request } from "node:http";
import { connect } from "node:net";
import { extname, join, normalize } from "node:path";
import { createGzip } from "node:zlib";

const [folder, serverURL] = process.argv.slice(2);
const server = new URL(serverURL);
const POLICY = "default-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'self'; frame-ancestors 'self'";
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".json": "application/json",
  ".webmanifest": "application/manifest+json",
};

function answer(req, res) {
  const { pathname } = new URL(req.url, "http://pages");
  if (!pathname.startsWith("/shop/")) return pass(req, res);
  if (pathname === "/shop/config.json") {
    res.writeHead(200, { "Content-Type": "application/json" });
    return res.end(JSON.stringify({ applicationId: process.env.SHOP_APP_ID, serverURL: "/parse" }));
  }
  const asked = join(folder, normalize(pathname.slice("/shop/".length)));
  const isFile = existsSync(asked) && statSync(asked).isFile();
  if (!isFile && extname(pathname)) return res.writeHead(404).end();
  const file = isFile ? asked : join(folder, "index.html");
  res.writeHead(200, {
    "Content-Type": TYPES[extname(file)] ?? "application/octet-stream",
    "Content-Encoding": "gzip",
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-cache",
  });
  createReadStream(file).pipe(createGzip()).pipe(res);
}

function pass(req, res) {
  const asked = request(new URL(req.url, server), { method: req.method, headers: req.headers }, (got) => {
    res.writeHead(got.statusCode, got.headers);
    got.pipe(res);
  });
  asked.on("error", () => res.destroy());
  req.pipe(asked);
}

const pages = createServer(answer);
pages.on("upgrade", (req, socket, head) => {
  const lines = Object.entries(req.headers).map(([name, value]) => `${name}: ${value}`);
  const other = connect(server.port, server.hostname, () => {
    other.write(`GET ${req.url} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
    other.write(head);
    socket.pipe(other).pipe(socket);
  });
  for (const [one, two] of [[socket, other], [other, socket]]) one.on("error", () => two.destroy());
});
pages.listen(0, "127.0.0.1", () => console.log(pages.address().port));
