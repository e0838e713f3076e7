// The schema API with the master key, as Parse.Schema speaks it.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as shop from "./shop.mjs";

const { Parse, make, master, refused } = shop;
const { INVALID_CLASS_NAME } = Parse.Error;
const SCHEMA_IN_USE = 255;

const read = (name) => new Parse.Schema(name).get();

test("a class is made with every type of field", async () => {
  const name = shop.fresh("Catalogue");
  const schema = new Parse.Schema(name)
    .addString("text").addNumber("number").addBoolean("yes").addDate("day").addFile("file")
    .addGeoPoint("place").addPolygon("area").addArray("list").addObject("map").addBytes("raw")
    .addPointer("owner", "_User").addRelation("buyers", "_User");
  const made = await schema.save();
  assert.equal(made.className, name);
  const { fields } = await read(name);
  const types = Object.fromEntries(Object.entries(fields).map(([field, { type }]) => [field, type]));
  assert.deepEqual(types, {
    objectId: "String", createdAt: "Date", updatedAt: "Date", ACL: "ACL",
    text: "String", number: "Number", yes: "Boolean", day: "Date", file: "File", place: "GeoPoint",
    area: "Polygon", list: "Array", map: "Object", raw: "Bytes", owner: "Pointer", buyers: "Relation",
  });
  assert.equal(fields.owner.targetClass, "_User");
  assert.equal(fields.buyers.targetClass, "_User");
});

test("a field may be required or have a default value", async () => {
  const name = await shop.newClass("Item", (schema) => schema
    .addString("name", { required: true })
    .addNumber("stock", { defaultValue: 10 })
    .addBoolean("onSale", { required: true, defaultValue: false }));
  await refused(Parse.Error.VALIDATION_ERROR, make(name).save(), "name is required");
  const item = await make(name, { name: "mug" }).save();
  assert.equal(item.get("stock"), 10);
  assert.equal((await new Parse.Query(name).get(item.id)).get("onSale"), false);
  item.unset("name");
  await refused(Parse.Error.VALIDATION_ERROR, item.save(), "name is required");
  const { fields } = await read(name);
  assert.deepEqual(fields.stock, { type: "Number", defaultValue: 10 });
  assert.deepEqual(fields.name, { type: "String", required: true });
});

test("all schemas are listed", async () => {
  // Parse Server lists sessions from the first one on.
  await shop.customer();
  const name = await shop.newClass("Listed");
  const names = (await Parse.Schema.all()).map(({ className }) => className);
  for (const expected of [name, "_User", "_Role", "_Session"]) assert.ok(names.includes(expected), expected);
});

test("a field is added and removed, with its values", async () => {
  const name = await shop.newClass("Item", (schema) => schema.addString("name").addString("colour"));
  const item = await make(name, { name: "mug", colour: "blue" }).save();
  await new Parse.Schema(name).addNumber("price").deleteField("colour").update();
  const { fields } = await read(name);
  assert.equal(fields.price.type, "Number");
  assert.equal(fields.colour, undefined);
  assert.equal((await new Parse.Query(name).get(item.id)).has("colour"), false);
});

test("a field that was removed may come back with another type", async () => {
  const name = await shop.newClass("Item", (schema) => schema.addString("size"));
  await new Parse.Schema(name).deleteField("size").update();
  await new Parse.Schema(name).addNumber("size").update();
  await make(name, { size: 3 }).save();
  await refused(Parse.Error.INCORRECT_TYPE, make(name, { size: "3" }).save());
});

test("a field keeps its type", async () => {
  const name = await shop.newClass("Item", (schema) => schema.addString("size"));
  await refused(
    SCHEMA_IN_USE,
    new Parse.Schema(name).addNumber("size").update(),
    "Field size exists, cannot update.",
  );
});

test("only what is there can be removed", async () => {
  const name = await shop.newClass("Item");
  await refused(
    SCHEMA_IN_USE,
    new Parse.Schema(name).deleteField("nothing").update(),
    "Field nothing does not exist, cannot delete.",
  );
});

test("an index is added and removed", async () => {
  const name = await shop.newClass("Item", (schema) => schema.addNumber("price").addString("name"));
  await new Parse.Schema(name).addIndex("cheap", { price: 1, name: -1 }).update();
  assert.deepEqual((await read(name)).indexes.cheap, { price: 1, name: -1 });
  await new Parse.Schema(name).deleteIndex("cheap").update();
  assert.equal((await read(name)).indexes?.cheap, undefined);
});

test("class-level permissions are kept as they were set", async () => {
  const name = await shop.newClass("Item", (schema) => schema.addPointer("owner", "_User"));
  const clp = {
    find: { "*": true }, get: { requiresAuthentication: true }, count: {},
    create: { "role:staff": true }, update: { pointerFields: ["owner"] }, delete: {}, addField: {},
    protectedFields: { "*": ["owner"] },
  };
  await new Parse.Schema(name).setCLP(clp).update();
  const stored = (await read(name)).classLevelPermissions;
  for (const [operation, rule] of Object.entries(clp)) assert.deepEqual(stored[operation], rule, operation);
});

test("a permission nobody knows is refused", async () => {
  const schema = new Parse.Schema(shop.fresh("Item")).setCLP({ browse: { "*": true } });
  await refused(
    Parse.Error.INVALID_JSON,
    schema.save(),
    "browse is not a valid operation for class level permissions",
  );
});

test("a class is made once", async () => {
  const name = await shop.newClass("Item");
  await refused(INVALID_CLASS_NAME, new Parse.Schema(name).save(), `Class ${name} already exists.`);
});

test("a class that is not there is refused", async () => {
  const name = shop.fresh("Nothing");
  const message = `Class ${name} does not exist.`;
  await refused(INVALID_CLASS_NAME, read(name), message);
  await refused(INVALID_CLASS_NAME, new Parse.Schema(name).addString("x").update(), message);
});

test("an invalid name is refused", async () => {
  await refused(INVALID_CLASS_NAME, new Parse.Schema("2Fast").save(), /^Invalid classname: 2Fast/);
  const schema = new Parse.Schema(shop.fresh("Item")).addString("no good");
  await refused(Parse.Error.INVALID_KEY_NAME, schema.save(), "invalid field name: no good");
});

test("a class is emptied, then dropped", async () => {
  const name = await shop.newClass("Item", (schema) => schema.addString("name"));
  await Parse.Object.saveAll(["a", "b"].map((n) => make(name, { name: n })));
  const schema = new Parse.Schema(name);
  await refused(
    SCHEMA_IN_USE,
    schema.delete(),
    `Class ${name} is not empty, contains 2 objects, cannot drop schema.`,
  );
  await schema.purge();
  assert.equal(await new Parse.Query(name).count(master), 0);
  await schema.delete();
  await refused(INVALID_CLASS_NAME, read(name));
});

test("without the master key schemas are out of reach", shop.cutOff, async () => {
  const answer = Parse.CoreManager.getRESTController().request("GET", "schemas", {}, { useMasterKey: false });
  const error = await answer.then(() => assert.fail("schemas were readable"), (reason) => reason);
  assert.match(error.message, /^(unauthorized|.*permission denied.*|.*master key is required.*)$/i);
});
