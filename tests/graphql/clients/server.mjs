// Where the server under test is, and what every client's file needs.
import { randomBytes } from "node:crypto";
import WebSocket from "ws";

const { GRAPHQL_URL, GRAPHQL_APP_ID, GRAPHQL_MASTER_KEY } = process.env;

export const url = GRAPHQL_URL;
export const socketUrl = url.replace(/^http/, "ws");
export const headers = { "X-Parse-Application-Id": GRAPHQL_APP_ID };
export const masterHeaders = { ...headers, "X-Parse-Master-Key": GRAPHQL_MASTER_KEY };
export { WebSocket };
globalThis.WebSocket ??= WebSocket; // Node 20 has none, and Apollo Client names it

/** A name nobody has used yet. */
export const fresh = (prefix) => `${prefix}_${randomBytes(5).toString("hex")}`;

/** What the server answers to a document. */
export async function ask(query, variables, more = {}) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers, ...more },
    body: JSON.stringify({ query, variables }),
  });
  return response.json();
}

/** Make a note without any client. */
export async function note(title) {
  const made = await ask(
    "mutation($t: String) { createNote(input: {fields: {title: $t}}) { note { id } } }",
    { t: title },
  );
  return made.data.createNote.note.id;
}

/** Sign somebody up; the session token. */
export async function signUp() {
  const made = await ask(
    `mutation($u: String!) { signUp(input: {fields: {username: $u, password: "secret word"}}) {
      viewer { sessionToken user { objectId } } } }`,
    { u: fresh("user") },
  );
  return made.data.signUp.viewer;
}

/** The next values of a stream of events, one after the other: `await told()`. */
export function queue() {
  const values = [];
  const waiting = [];
  const put = (value) => (waiting.length ? waiting.shift()(value) : values.push(value));
  const next = () =>
    values.length ? Promise.resolve(values.shift()) : new Promise((resolve) => waiting.push(resolve));
  return { put, next };
}
