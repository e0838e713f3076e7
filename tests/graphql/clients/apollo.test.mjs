// Apollo Client 4: queries, mutations, its cache by relay ids, uploads, subscriptions.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { createClient } from "graphql-ws";
import UploadHttpLink from "apollo-upload-client/UploadHttpLink.mjs";
import { ApolloClient, ApolloLink, InMemoryCache, gql } from "@apollo/client";
import { CombinedGraphQLErrors } from "@apollo/client/errors";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { OperationTypeNode } from "graphql";
import { WebSocket, fresh, headers, note, queue, signUp, socketUrl, url } from "./server.mjs";

const sockets = [];

function open(token) {
  const all = token ? { ...headers, "X-Parse-Session-Token": token } : headers;
  const socket = createClient({ url: socketUrl, webSocketImpl: WebSocket, connectionParams: all });
  sockets.push(socket);
  const link = ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    new GraphQLWsLink(socket),
    new UploadHttpLink({ uri: url, headers: all }),
  );
  // graphql-relay's ids name one object of one class
  return new ApolloClient({ link, cache: new InMemoryCache({ possibleTypes: { Node: ["Note"] } }) });
}

after(() => Promise.all(sockets.map((socket) => socket.dispose())));

const NOTE = gql`
  query ($id: ID!) { note(id: $id) { id title done } }
`;
const RENAME = gql`
  mutation ($id: ID!, $title: String) {
    updateNote(input: { id: $id, fields: { title: $title } }) { note { id title } }
  }
`;
const FOLLOW = gql`
  subscription ($title: String) {
    note(where: { title: { equalTo: $title } }) { event node { id title done } original { done } }
  }
`;

test("a query with variables", async () => {
  const title = fresh("tea");
  const id = await note(title);
  const { data } = await open().query({ query: NOTE, variables: { id } });
  assert.deepEqual(data.note, { __typename: "Note", id, title, done: null });
});

test("a connection of relay, page by page", async () => {
  const prefix = fresh("page");
  for (const number of [1, 2, 3]) await note(`${prefix} ${number}`);
  const client = open();
  const query = gql`
    query ($like: String, $after: String) {
      notes(where: { title: { matchesRegex: $like } }, order: [title_ASC], first: 2, after: $after) {
        count
        pageInfo { hasNextPage endCursor }
        edges { node { id title } }
      }
    }
  `;
  const first = await client.query({ query, variables: { like: prefix } });
  assert.deepEqual([first.data.notes.count, first.data.notes.pageInfo.hasNextPage], [3, true]);
  const variables = { like: prefix, after: first.data.notes.pageInfo.endCursor };
  const second = await client.query({ query, variables });
  assert.deepEqual(second.data.notes.edges.map(({ node }) => node.title), [`${prefix} 3`]);
});

test("a mutation changes what is cached under the relay id", async () => {
  const client = open();
  const id = await note(fresh("old"));
  const seen = queue();
  const watched = client.watchQuery({ query: NOTE, variables: { id } });
  const subscription = watched.subscribe((result) => result.data && seen.put(result.data.note.title));
  await seen.next();
  const title = fresh("new");
  await client.mutate({ mutation: RENAME, variables: { id, title } });
  assert.equal(await seen.next(), title);
  subscription.unsubscribe();
  assert.equal(client.cache.identify({ __typename: "Note", id }), `Note:${id}`);
  const cached = client.readFragment({ id: `Note:${id}`, fragment: gql`fragment F on Note { title }` });
  assert.equal(cached.title, title);
});

test("node finds an object of any class", async () => {
  const title = fresh("node");
  const id = await note(title);
  const query = gql`query ($id: ID!) { node(id: $id) { id ... on Note { title } } }`;
  const { data } = await open().query({ query, variables: { id } });
  assert.deepEqual(data.node, { __typename: "Note", id, title });
});

test("a file is uploaded, alone and as a field of an object", async () => {
  const token = (await signUp()).sessionToken; // files are for who has signed in
  const client = open(token);
  const file = new File(["some bytes"], "a.txt", { type: "text/plain" });
  const alone = gql`
    mutation ($file: Upload!) { createFile(input: { upload: $file }) { fileInfo { name url } } }
  `;
  const made = await client.mutate({ mutation: alone, variables: { file } });
  assert.match(made.data.createFile.fileInfo.name, /_a\.txt$/);
  const within = gql`
    mutation ($file: Upload) {
      createNote(input: { fields: { picture: { upload: $file } } }) { note { id picture { url } } }
    }
  `;
  const { data } = await client.mutate({ mutation: within, variables: { file } });
  const stored = await fetch(data.createNote.note.picture.url);
  assert.equal(await stored.text(), "some bytes");
});

test("errors carry Parse's codes", async () => {
  const missing = open().query({ query: NOTE, variables: { id: "nothing" } });
  await assert.rejects(missing, (error) => {
    assert.ok(CombinedGraphQLErrors.is(error));
    assert.deepEqual(error.errors.map(({ extensions }) => extensions.code), [101]);
    return true;
  });
});

test("a class is followed by graphql-ws, and the cache follows", async () => {
  const client = open();
  const title = fresh("live");
  const told = queue();
  const subscription = client
    .subscribe({ query: FOLLOW, variables: { title } })
    .subscribe({ next: told.put, error: told.put });
  const socket = sockets.at(-1);
  await new Promise((resolve) => socket.on("connected", resolve));
  // graphql-ws tells of the connection; that the class is followed shows in the first event
  const id = await firstEvent(told, () => note(title));
  await client.query({ query: NOTE, variables: { id } });
  await client.mutate({
    mutation: gql`
      mutation ($id: ID!) { updateNote(input: { id: $id, fields: { done: true } }) { note { id } } }
    `,
    variables: { id },
  });
  let event;
  do ({ data: { note: event } } = await told.next());
  while (event.event === "CREATE");
  assert.deepEqual(
    [event.event, event.node.done, event.original.done, event.node.id],
    ["UPDATE", true, null, id],
  );
  assert.equal(client.readQuery({ query: NOTE, variables: { id } }).note.done, true);
  subscription.unsubscribe();
});

/** Make objects until one is told of: the id of that one. */
async function firstEvent(told, make) {
  const first = told.next();
  for (;;) {
    await make();
    const event = await Promise.race([first, new Promise((resolve) => setTimeout(resolve, 100))]);
    if (event) return event.data.note.node.id;
  }
}

test("who may not follow is told why", async () => {
  const query = gql`subscription { note(where: { author: { have: { username: { equalTo: "x" } } } }) { event } }`;
  const told = queue();
  open().subscribe({ query }).subscribe({ next: told.put, error: told.put });
  const refused = await told.next();
  const error = refused.error ?? refused;
  assert.ok(CombinedGraphQLErrors.is(error), String(error));
  assert.equal(error.errors[0].extensions.code, 102);
});
