// Parse Dashboard's GraphQL console: GraphiQL, which asks with the master key.
import assert from "node:assert/strict";
import { ask, load, page, test } from "./dashboard.mjs";

const EDITORS = { query: ".graphiql-query-editor", result: ".result-window" };

/** Write a document into the console, and its variables. */
async function write(query, variables) {
  await page.evaluate(
    ([place, text]) => document.querySelector(`${place} .CodeMirror`).CodeMirror.setValue(text),
    [EDITORS.query, query],
  );
  if (variables === undefined) return;
  await page.getByRole("button", { name: "Variables" }).click();
  await page.evaluate(
    (text) =>
      document
        .querySelector('.graphiql-editor-tool [class="graphiql-editor"] .CodeMirror')
        .CodeMirror.setValue(text),
    JSON.stringify(variables),
  );
}

/** Run a document as one does: by the button. What the console shows then. */
async function run(query, variables) {
  await write(query, variables);
  const answered = page.waitForResponse(
    (response) => response.url().endsWith("/graphql") && response.request().method() === "POST",
  );
  await page.locator(".graphiql-execute-button").click();
  const answer = await (await answered).json();
  await page.waitForFunction(
    ([place, text]) => {
      const editor = document.querySelector(`${place} .CodeMirror`).CodeMirror;
      try {
        return JSON.stringify(JSON.parse(editor.getValue())) === text;
      } catch {
        return false; // not shown yet
      }
    },
    [EDITORS.result, JSON.stringify(answer)],
  );
  return answer;
}

test("the console reads the schema with the master key", async () => {
  await load("api_console/graphql");
  await page.locator('button[aria-label="Show Documentation Explorer"]').click();
  await page.getByRole("link", { name: "Query", exact: true }).click();
  await page.getByRole("link", { name: "products", exact: true }).waitFor();
  await page.getByRole("link", { name: "viewer", exact: true }).waitFor();
});

test("a query runs", async () => {
  assert.deepEqual(await run("{ health }"), { data: { health: true } });
});

test("a mutation with variables makes an object", async () => {
  const made = await run(
    `mutation Make($name: String!) {
      createProduct(input: {fields: {name: $name, price: 3}}) { product { objectId name } }
    }`,
    { name: "Console mug" },
  );
  const { objectId, name } = made.data.createProduct.product;
  assert.equal(name, "Console mug");
  assert.equal((await ask("GET", `classes/Product/${objectId}`)).price, 3);
});

test("what only the master key may read is shown", async () => {
  const { objectId } = await ask("POST", "classes/Product", { name: "Hidden", price: 1, ACL: {} });
  const found = await run(`{ product(id: "${objectId}") { name } }`, {});
  assert.deepEqual(found, { data: { product: { name: "Hidden" } } });
});

test("a class is made, and the schema read anew knows it", async () => {
  const made = await run(
    `mutation { createClass(input: {name: "FromConsole", schemaFields: {addStrings: [{name: "word"}]}}) {
      class { name } } }`,
    {},
  );
  assert.equal(made.data.createClass.class.name, "FromConsole");
  await page.getByRole("button", { name: "Re-fetch GraphQL schema" }).click();
  await page.getByRole("link", { name: "Query", exact: true }).click();
  await page.getByRole("link", { name: "fromConsole", exact: true }).waitFor();
  await ask("DELETE", "schemas/FromConsole");
});

test("the errors of a document are shown where they are", async () => {
  await write("{ products { edges { node { nothing } } } }", {});
  await page.locator(".graphiql-query-editor .CodeMirror-lint-mark-error").first().waitFor();
});
