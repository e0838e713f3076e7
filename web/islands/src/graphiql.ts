// GraphiQL on a page of its own, or in a frame of the portal.
import { createElement } from "react";
import { createRoot } from "react-dom/client";
import { GraphiQL } from "graphiql";
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

const WHO = isFramed
  ? "# It asks as the switch above says; the schema is shown to the master key only,"
  : "# Who asks is written into Headers; the schema is shown to the master key only,";
const headers = isFramed ? "{}" : JSON.stringify({ "X-Parse-Session-Token": "" }, null, 2);
const root = document.createElement("div");
root.id = "graphiql";
place.replaceChildren(root);
root.style.height = "100vh";
const made = createRoot(root);
let times = 0;
const render = () =>
  made.render(
    createElement(GraphiQL, {
      key: times, // another one who asks may see another schema
      fetcher,
      defaultHeaders: headers,
      shouldPersistHeaders: false,
      forcedTheme: isDark() ? "dark" : "light",
      defaultQuery: `${WHO}\n# unless graphQLPublicIntrospection is on. Ctrl-Enter runs it.\n\nquery Health {\n  health\n}\n`,
    }),
  );
onTheme(render);
onIdentity(() => {
  times += 1;
  render();
});
