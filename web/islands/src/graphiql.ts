// GraphiQL on a page of its own, or in a frame of the portal.
import { createElement } from "react";
import { createRoot } from "react-dom/client";
import { GraphiQL } from "graphiql";
import { buildSchema } from "graphql";
import "graphiql/graphiql.css";
import { identityHeaders, isDark, isFramed, onIdentity, onTheme } from "./frame";
import { allowStyles } from "./nonce";

const place = document.getElementById("place") as HTMLElement;
const { graphql = "", app = "", nonce = "" } = place.dataset;
allowStyles(nonce);

const fetcher = async (params: unknown, options?: { headers?: Record<string, string> }) => {
  const typed = Object.entries(options?.headers ?? {}).filter(([, value]) => value !== "");
  const response = await fetch(graphql, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "X-Parse-Application-Id": app,
      ...identityHeaders(),
      ...Object.fromEntries(typed),
    },
    body: JSON.stringify(params),
  });
  return response.json();
};

/** The schema that the portal tells; null where it tells none: then GraphiQL asks for it itself. */
async function known() {
  try {
    const response = await fetch("/portal/schema.graphql");
    return response.ok ? buildSchema(await response.text(), { assumeValid: true }) : null;
  } catch {
    return null;
  }
}

const WHO = isFramed ? "It asks as the switch above says." : "Who asks is written into Headers.";
const headers = isFramed ? "{}" : JSON.stringify({ "X-Parse-Session-Token": "" }, null, 2);
const root = document.createElement("div");
root.id = "graphiql";
place.replaceChildren(root);
root.style.height = "100vh";
const made = createRoot(root);
let times = 0;
const schema = (await known()) ?? undefined;
const render = () =>
  made.render(
    createElement(GraphiQL, {
      key: times, // another one who asks begins anew
      fetcher,
      schema,
      defaultHeaders: headers,
      shouldPersistHeaders: false,
      forcedTheme: isDark() ? "dark" : "light",
      defaultQuery: `# ${WHO} Ctrl-Enter runs it.\n\nquery Health {\n  health\n}\n`,
    }),
  );
onTheme(render);
onIdentity(() => {
  times += 1;
  render();
});
