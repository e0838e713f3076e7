// Each entry is a page's own; what a page needs only on a click is loaded then.
import { defineConfig } from "vite";

export default defineConfig({
  base: "/portal/islands/",
  build: {
    outDir: "../dist/islands",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    manifest: true,
    target: "es2022",
    chunkSizeWarningLimit: 4000,
    rollupOptions: { input: ["src/main.ts", "src/graphiql.ts", "src/reference.ts"] },
  },
});
