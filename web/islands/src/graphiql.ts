// GraphiQL on a page of its own.
import { createElement } from "react";
import { createRoot } from "react-dom/client";
import { GraphiQL } from "graphiql";
import "graphiql/graphiql.css";
import { allowStyles } from "./nonce";

const place = document.getElementById("place") as HTMLElement;
const { graphql = "", app = "", nonce = "" } = place.dataset;
allowStyles(nonce);

const fetcher = async (params: unknown, options?: { headers?: Record<string, string> }) => {
  const response = await fetch(graphql, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Parse-Application-Id": app, ...options?.headers },
    body: JSON.stringify(params),
  });
  return response.json();
};

const headers = JSON.stringify({ "X-Parse-Application-Id": app, "X-Parse-Session-Token": "" }, null, 2);
const root = document.createElement("div");
root.id = "graphiql";
place.replaceChildren(root);
root.style.height = "100vh";
createRoot(root).render(
  createElement(GraphiQL, {
    fetcher,
    defaultHeaders: headers,
    shouldPersistHeaders: false,
    defaultQuery: "# Ctrl-Enter runs it. The schema is shown to the master key only, written\n# into Headers, unless graphQLPublicIntrospection is on.\n\nquery Health {\n  health\n}\n",
  }),
);
