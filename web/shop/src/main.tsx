import { createRoot } from "react-dom/client";
import { App } from "./App";
import { keepForOffline } from "./offline";
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
void keepForOffline();
