import react from "@vitejs/plugin-react";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

// Colours and sizes are the portal's, so that both look alike (`sources` in ../package.json).
const tokens = fileURLToPath(new URL("../../parsepy/portal/static/tokens.css", import.meta.url));
// `PARSE_SERVER=http://localhost:1337 npm run dev` works on the pages beside a running server.
const server = process.env.PARSE_SERVER ?? "http://localhost:1337";

export default defineConfig({
  base: "/shop/",
  plugins: [react()],
  resolve: { alias: { "tokens.css": tokens } },
  build: {
    outDir: "../dist/shop",
    emptyOutDir: true,
    // The content security policy allows files of this server, and no data in addresses.
    assetsInlineLimit: 0,
    // The SDK is a file of its own: it changes seldom, and stays in the browser's cache.
    rolldownOptions: {
      output: { codeSplitting: { groups: [{ name: "parse", test: /node_modules\/(?:parse|@babel|core-js-pure|events|crypto-js|idb-keyval)\// }] } },
    },
  },
  server: { fs: { allow: ["..", tokens] }, proxy: { "/parse": { target: server, ws: true } } },
});
