// graphql-ws, the client that the protocol comes from: what it is let in by, and how it is closed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CloseCode, createClient } from "graphql-ws";
import { WebSocket, ask, fresh, headers, masterHeaders, note, queue, signUp, socketUrl } from "./server.mjs";

/** A client; it is closed when the test ends. */
function open(t, options = {}) {
  const client = createClient({
    url: socketUrl,
    webSocketImpl: WebSocket,
    connectionParams: headers,
    retryAttempts: 0,
    ...options,
  });
  t.after(() => client.dispose());
  return client;
}

async function only(client, payload) {
  const results = [];
  for await (const result of client.iterate(payload)) results.push(result);
  assert.equal(results.length, 1);
  return results[0];
}

test("a query and a mutation over the socket", async (t) => {
  const client = open(t);
  assert.deepEqual(await only(client, { query: "{ health }" }), { data: { health: true } });
  const title = fresh("made");
  const made = await only(client, {
    query: "mutation($t: String) { createNote(input: {fields: {title: $t}}) { note { title } } }",
    variables: { t: title },
  });
  assert.equal(made.data.createNote.note.title, title);
});

test("keys may be a function's, and the master key may introspect", async (t) => {
  const query = "{ __schema { subscriptionType { name } } }";
  const refused = await assert.rejects(only(open(t), { query }), (errors) => {
    assert.equal(errors[0].message, "Introspection is not allowed");
    return true;
  });
  assert.equal(refused, undefined);
  const client = open(t, { connectionParams: async () => masterHeaders });
  const { data } = await only(client, { query });
  assert.deepEqual(data.__schema, { subscriptionType: { name: "Subscription" } });
});

test("wrong keys close the connection", async (t) => {
  const closed = queue();
  const client = open(t, { connectionParams: { "X-Parse-Application-Id": "other" }, on: { closed: closed.put } });
  await assert.rejects(only(client, { query: "{ health }" }), ({ code, reason }) => {
    assert.equal(code, CloseCode.Forbidden);
    assert.match(reason, /^Forbidden: /);
    return true;
  });
  assert.equal((await closed.next()).code, CloseCode.Forbidden);
});

test("a user's session says what may be read", async (t) => {
  const { sessionToken, user } = await signUp();
  const query = "{ viewer { user { objectId } } }";
  const client = open(t, { connectionParams: { ...headers, "X-Parse-Session-Token": sessionToken } });
  assert.equal((await only(client, { query })).data.viewer.user.objectId, user.objectId);
  const { errors } = await only(open(t), { query });
  assert.equal(errors[0].extensions.code, 209);
});

test("pings are answered in time", async (t) => {
  const pongs = queue();
  const client = open(t, { lazy: false, keepAlive: 20, on: { pong: pongs.put } });
  await pongs.next();
  await pongs.next();
  assert.deepEqual(await only(client, { query: "{ health }" }), { data: { health: true } });
});

test("events come until the client ends its operation", async (t) => {
  const title = fresh("live");
  const client = open(t);
  const query = `subscription($t: String) { note(where: {title: {equalTo: $t}}) { event node { id } } }`;
  const events = client.iterate({ query, variables: { t: title } });
  const first = events.next();
  let event;
  let id;
  while (!event) {
    id = await note(title);
    event = await Promise.race([first, new Promise((resolve) => setTimeout(resolve, 100))]);
  }
  assert.equal(event.value.data.note.event, "CREATE");
  await ask("mutation($id: ID!) { deleteNote(input: {id: $id}) { note { id } } }", { id });
  do event = (await events.next()).value.data.note;
  while (event.event === "CREATE");
  assert.deepEqual(event, { event: "DELETE", node: { id } });
  await events.return();
  assert.deepEqual(await only(client, { query: "{ health }" }), { data: { health: true } });
});

test("a refused subscription leaves the connection open", async (t) => {
  const client = open(t);
  await assert.rejects(only(client, { query: "subscription { nothing { event } }" }), (errors) => {
    assert.equal(errors[0].extensions.code, "GRAPHQL_VALIDATION_FAILED");
    return true;
  });
  assert.deepEqual(await only(client, { query: "{ health }" }), { data: { health: true } });
});
