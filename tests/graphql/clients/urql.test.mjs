// urql: queries, mutations, its document cache, subscriptions.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Client, cacheExchange, fetchExchange, gql, subscriptionExchange } from "@urql/core";
import { createClient } from "graphql-ws";
import { WebSocket, fresh, headers, note, queue, signUp, socketUrl, url } from "./server.mjs";

const socket = createClient({ url: socketUrl, webSocketImpl: WebSocket, connectionParams: headers });
after(() => socket.dispose());

function open(more = {}) {
  return new Client({
    url,
    preferGetMethod: false,
    fetchOptions: { headers: { ...headers, ...more } },
    exchanges: [
      cacheExchange,
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query, variables }) => ({
          subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query, variables }, sink) }),
        }),
      }),
    ],
  });
}

const NOTE = gql`query ($id: ID!) { note(id: $id) { id title } }`;
const RENAME = gql`
  mutation ($id: ID!, $title: String) {
    updateNote(input: { id: $id, fields: { title: $title } }) { note { id title } }
  }
`;

test("a query with variables", async () => {
  const title = fresh("tea");
  const id = await note(title);
  const { data, error } = await open().query(NOTE, { id });
  assert.equal(error, undefined);
  assert.deepEqual(data.note, { id, title, __typename: "Note" });
});

test("a query by GET", async () => {
  const title = fresh("get");
  const id = await note(title);
  const { data } = await open().query(NOTE, { id }, { preferGetMethod: "force" });
  assert.equal(data.note.title, title);
});

test("a mutation makes cached documents of its type be asked again", async () => {
  const client = open();
  const id = await note(fresh("old"));
  const titles = queue();
  const { unsubscribe } = client
    .query(NOTE, { id })
    .subscribe(({ data, stale }) => stale || titles.put(data.note.title));
  await titles.next();
  const title = fresh("new");
  assert.equal((await client.mutation(RENAME, { id, title })).error, undefined);
  assert.equal(await titles.next(), title);
  unsubscribe();
});

test("the session token says who asks", async () => {
  const { sessionToken, user } = await signUp();
  const client = open({ "X-Parse-Session-Token": sessionToken });
  const { data } = await client.query(gql`{ viewer { user { objectId } } }`, {});
  assert.equal(data.viewer.user.objectId, user.objectId);
});

test("errors carry Parse's codes", async () => {
  const { error } = await open().query(NOTE, { id: "nothing" });
  assert.deepEqual(error.graphQLErrors.map(({ extensions }) => extensions.code), [101]);
});

test("a class is followed", async () => {
  const title = fresh("live");
  const told = queue();
  const query = gql`
    subscription ($t: String) { note(where: { title: { equalTo: $t } }) { event node { title } } }
  `;
  const { unsubscribe } = open().subscription(query, { t: title }).subscribe(told.put);
  const first = told.next();
  let event;
  while (!event) {
    await note(title);
    event = await Promise.race([first, new Promise((resolve) => setTimeout(resolve, 100))]);
  }
  assert.equal(event.error, undefined);
  assert.deepEqual(event.data.note, {
    event: "CREATE",
    node: { title },
  });
  unsubscribe();
});
