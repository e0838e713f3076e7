import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// `PARSE_SERVER=http://localhost:1337 npm run dev` works on the pages beside a running server.
const server = process.env.PARSE_SERVER ?? "http://localhost:1337";

export default defineConfig({
  base: "/shop/",
  plugins: [react()],
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
  server: { proxy: { "/parse": { target: server, ws: true } } },
});
