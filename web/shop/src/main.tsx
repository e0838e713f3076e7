import { createRoot } from "react-dom/client";
import { App } from "./App";
import { connect } from "./parse/client";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/shop.css";

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
await connect();
createRoot(root).render(<App />);
if ("serviceWorker" in navigator && import.meta.env.PROD) {
  addEventListener("load", () => void navigator.serviceWorker.register(`${import.meta.env.BASE_URL}sw.js`).catch(() => undefined));
}
