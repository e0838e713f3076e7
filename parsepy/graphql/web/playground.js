// Starts GraphiQL over this server's GraphQL: requests by fetch, subscriptions by a websocket that
// speaks graphql-transport-ws, with the keys of the headers editor.
"use strict";

const place = document.getElementById("playground");
const { graphql, application, styleNonce } = place.dataset;

const QUERY = `# Ctrl-Enter runs the operation at the cursor.
# Headers (below) say who asks: the application's
# id, and a user's session token.

query Health {
  health
}
`;
// What is shown beside the refusal of the schema, which the page asks for when it is opened.
const NO_SCHEMA =
  'Only the schema is kept back: operations run. To have it shown and completed here, add ' +
  '"X-Parse-Master-Key" to Headers and press "Re-fetch GraphQL schema" at the lower left.';
const HEADERS = JSON.stringify(
  { "X-Parse-Application-Id": application, "X-Parse-Session-Token": "" },
  null,
  2,
);

/** Is the operation that is asked for a subscription? */
function follows({ query, operationName }) {
  const bare = query.replace(/"""(?:\\"""|[^])*?"""|"(?:\\.|[^"\\\n])*"|#.*/g, " ");
  let depth = 0;
  let previous = "";
  for (const [word] of bare.matchAll(/[{}()]|\w+/g)) {
    if (depth === 0 && previous === "subscription") {
      if (!operationName || word === operationName) return true;
    }
    if ("{(".includes(word)) depth += 1;
    else if ("})".includes(word)) depth -= 1;
    previous = depth === 0 ? word : "";
  }
  return false;
}

async function ask(params, headers) {
  const response = await fetch(graphql, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json", ...headers },
    body: JSON.stringify(params),
  });
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return { errors: [{ message: `${response.status} ${response.statusText}` }] };
  }
}

async function askForSchema(params, headers) {
  const answer = await ask(params, headers);
  const isRefused = answer.errors?.some(({ message }) => message.includes("ntrospection"));
  return isRefused ? { ...answer, hint: NO_SCHEMA } : answer;
}

/** An observable of the events of a subscription, each on one connection of its own. */
function follow(params, headers) {
  return {
    subscribe({ next, error, complete }) {
      const address = new URL(graphql, location.href);
      address.protocol = address.protocol.replace("http", "ws");
      const socket = new WebSocket(address, "graphql-transport-ws");
      const send = (message) => socket.send(JSON.stringify(message));
      let isOver = false;
      const end = (tell, value) => {
        if (isOver) return;
        isOver = true;
        socket.close(1000);
        tell?.(value);
      };
      socket.onopen = () => send({ type: "connection_init", payload: headers });
      socket.onmessage = ({ data }) => {
        const message = JSON.parse(data);
        if (message.type === "connection_ack") send({ id: "1", type: "subscribe", payload: params });
        else if (message.type === "ping") send({ type: "pong" });
        else if (message.type === "next" && !isOver) next(message.payload);
        else if (message.type === "complete") end(complete);
        else if (message.type === "error" && !isOver) {
          next({ errors: message.payload });
          end(complete);
        }
      };
      socket.onclose = ({ code, reason }) =>
        end(error, { message: `The connection was closed: ${code} ${reason}`.trim() });
      return { unsubscribe: () => end() };
    },
  };
}

function fetcher(params, options = {}) {
  const headers = options.headers ?? {};
  if (params.operationName === "IntrospectionQuery") return askForSchema(params, headers);
  return follows(params) ? follow(params, headers) : ask(params, headers);
}

function start() {
  const { createElement } = window.React;
  const settings = {
    fetcher,
    defaultQuery: QUERY,
    defaultHeaders: HEADERS,
    headers: HEADERS,
    defaultEditorToolsVisibility: "headers",
    shouldPersistHeaders: false,
  };
  window.ReactDOM.createRoot(place).render(createElement(window.GraphiQL, settings));
}

// The library's own way to learn of the nonce: it must be known before it is loaded.
window.__webpack_nonce__ = styleNonce;
const script = document.createElement("script");
script.src = new URL("graphiql.js", document.currentScript.src);
script.onload = start;
document.head.append(script);
