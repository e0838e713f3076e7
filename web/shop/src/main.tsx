import { createRoot } from "react-dom/client";
import { App } from "./App";
import { connect } from "./parse/client";
import { showTheme } from "./ui/theme";
import "tokens.css";
import "./styles/base.css";
import "./styles/shop.css";

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
showTheme();
await connect();
createRoot(root).render(<App />);
// For reading without a network, and for being installed; where it may not run, the shop does.
if (import.meta.env.PROD) navigator.serviceWorker?.register(`${import.meta.env.BASE_URL}sw.js`).catch(() => undefined);
