// What a developer reads when something is wrong: codes and messages as the SDK hands them on.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import * as shop from "./shop.mjs";

const { Parse, make, master, refused } = shop;
const { INCORRECT_TYPE, INVALID_JSON, INVALID_KEY_NAME, INVALID_QUERY } = Parse.Error;
const rest = Parse.CoreManager.getRESTController();
let Item;

/** A request as the SDK sends it, for what its classes would not let through. */
const send = (method, path, body = {}) => rest.request(method, path, body, {});
const where = (constraints) => send("GET", `classes/${Item}`, { where: constraints });

before(async () => {
  Item = await shop.newClass("Item", (schema) => schema
    .addString("name").addNumber("stock").addArray("tags").addDate("since").addPointer("owner", "_User"));
});

test("an error is a Parse.Error", async () => {
  const error = await refused(Parse.Error.OBJECT_NOT_FOUND, new Parse.Query(Item).get("nosuchid00"));
  assert.ok(error instanceof Parse.Error);
  assert.equal(error.message, "Object not found.");
});

test("a value of the wrong type is named with class and field", async () => {
  for (const [field, value, expected, got] of [
    ["name", 1, "String", "Number"],
    ["stock", "many", "Number", "String"],
    ["tags", "blue", "Array", "String"],
    ["since", "2026-11-22T00:00:00.000Z", "Date", "String"],
    ["name", { a: 1 }, "String", "Object"],
    ["name", true, "String", "Boolean"],
  ]) {
    const message = `schema mismatch for ${Item}.${field}; expected ${expected} but got ${got}`;
    await refused(INCORRECT_TYPE, make(Item, { [field]: value }).save(), message);
  }
});

test("a pointer to another class is named", async () => {
  const other = await make(Item).save();
  await refused(
    INCORRECT_TYPE,
    make(Item, { owner: other }).save(),
    `schema mismatch for ${Item}.owner; expected Pointer<_User> but got Pointer<${Item}>`,
  );
});

test("a counter on text is refused", async () => {
  const item = await make(Item, { name: "mug" }).save();
  const bare = Object.assign(make(Item), { id: item.id });
  bare.increment("name");
  await refused(INCORRECT_TYPE, bare.save());
});

test("nothing of a refused object is stored", async () => {
  const name = shop.fresh("half");
  await refused(INCORRECT_TYPE, make(Item, { name, stock: "many" }).save());
  assert.equal(await new Parse.Query(Item).equalTo("name", name).count(), 0);
});

test("a field name that is none is refused", async () => {
  await refused(INVALID_KEY_NAME, send("POST", `classes/${Item}`, { "bad name": 1 }));
  await refused(INVALID_KEY_NAME, send("POST", `classes/${Item}`, { $price: 1 }));
});

test("an id cannot be chosen", async () => {
  await refused(
    INVALID_KEY_NAME,
    send("POST", `classes/${Item}`, { objectId: "mine" }),
    "objectId is an invalid field name.",
  );
});

test("an unknown query parameter is refused by name", async () => {
  await refused(INVALID_QUERY, send("GET", `classes/${Item}`, { colour: 1 }), "Invalid parameter for query: colour");
});

test("an unknown constraint is refused by name", async () => {
  await refused(INVALID_JSON, where({ stock: { $near: 1 } }), "bad constraint: $near");
});

test("code in a query is refused", async () => {
  await refused(INVALID_KEY_NAME, where({ $where: "sleep(1000)" }));
  await refused(INVALID_JSON, where({ stock: { $where: "1" } }));
});

test("a constraint with the wrong operand is refused", async () => {
  await refused(INVALID_JSON, where({ stock: { $in: 1 } }), "bad $in value");
  await refused(INVALID_JSON, where({ tags: { $containedBy: 1 } }), "bad $containedBy: should be an array");
  await refused(INVALID_QUERY, where({ $or: 1 }));
  await refused(INVALID_QUERY, where({ owner: { $inQuery: {} } }), "improper usage of $inQuery");
});

test("sorting by a name that is none is refused", async () => {
  await refused(INVALID_KEY_NAME, send("GET", `classes/${Item}`, { order: "$stock" }), "Invalid field name: $stock.");
});

test("a query on an ACL is refused", async () => {
  await refused(INVALID_QUERY, where({ ACL: {} }), "Cannot query on ACL.");
});

test("an unknown field operation is refused", async () => {
  const save = send("POST", `classes/${Item}`, { stock: { __op: "Explode" } });
  const error = await save.then(() => assert.fail("it was saved"), (reason) => reason);
  assert.ok(error instanceof Parse.Error, String(error));
});

test("nothing may be named like the insides of JavaScript", async () => {
  const body = JSON.parse('{"name": "mug", "nested": {"__proto__": {"admin": true}}}');
  const error = await send("POST", `classes/${Item}`, body).then(
    () => undefined,
    (reason) => reason,
  );
  const found = error ? {} : await new Parse.Query(Item).equalTo("name", "mug").descending("createdAt").first();
  assert.equal({}.admin, undefined);
  assert.equal(found.get?.("nested")?.admin, undefined);
});

test("a wrong master key is no master key", shop.cutOff, async () => {
  const right = Parse.CoreManager.get("MASTER_KEY");
  Parse.CoreManager.set("MASTER_KEY", "wrong");
  try {
    const error = await new Parse.Schema(Item).get().then(
      () => assert.fail("the wrong key opened the door"),
      (reason) => reason,
    );
    assert.match(error.message, /unauthorized|permission denied/i);
    await refused(Parse.Error.OPERATION_FORBIDDEN, new Parse.Query("_Hooks").find(master));
  } finally {
    Parse.CoreManager.set("MASTER_KEY", right);
  }
});

test("a wrong application id is refused", async () => {
  const right = Parse.applicationId;
  Parse.CoreManager.set("APPLICATION_ID", "somebody-else");
  try {
    const error = await new Parse.Query(Item).find().then(
      () => assert.fail("another application's id opened the door"),
      (reason) => reason,
    );
    assert.match(error.message, /unauthorized/i);
  } finally {
    Parse.CoreManager.set("APPLICATION_ID", right);
  }
});

test("an expired or invented session stops even what is public", async () => {
  const as = { sessionToken: `r:${"1".repeat(32)}` };
  await refused(Parse.Error.INVALID_SESSION_TOKEN, new Parse.Query(Item).find(as), "Invalid session token");
});

test("sign-up without name or password is refused", async () => {
  await refused(200, send("POST", "users", { password: "x" }), "bad or missing username");
  await refused(201, send("POST", "users", { username: shop.fresh("x") }), "password is required");
});

test("log-in without name or password is refused", async () => {
  await refused(200, send("POST", "login", { password: "x" }), "username/email is required.");
  await refused(201, send("POST", "login", { username: "x" }), "password is required.");
});

test("a route that is not there is no JSON of an object", async () => {
  const error = await send("GET", "nowhere").then(() => assert.fail("an answer"), (reason) => reason);
  assert.ok(error instanceof Error);
});

test("the server's own classes are closed", async () => {
  for (const name of ["_Hooks", "_GlobalConfig", "_JobStatus"]) {
    await refused(Parse.Error.OPERATION_FORBIDDEN, new Parse.Query(name).find());
  }
});
