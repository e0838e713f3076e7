// Every data type there and back, and every change that the SDK can ask for on one object.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import * as shop from "./shop.mjs";

const { Parse, fresh, make, master, refused } = shop;
let Store, Item;

/** The object as the server has it, read by a fresh instance. */
const stored = (object) => new Parse.Query(object.className).get(object.id);

async function thereAndBack(field, value) {
  const object = await make(Item).save({ [field]: value });
  return (await stored(object)).get(field);
}

before(async () => {
  Store = await shop.newClass("Store", (schema) => schema.addString("name").addGeoPoint("place"));
  Item = await shop.newClass("Item", (schema) => schema
    .addString("name").addNumber("stock").addBoolean("onSale").addDate("since").addObject("size")
    .addArray("tags").addGeoPoint("place").addPolygon("area").addBytes("picture")
    .addPointer("store", Store).addRelation("seenBy", "_User"));
});

test("a new object gets an id and times", async () => {
  const item = make(Item, { name: "mug" });
  assert.equal(item.isNew(), true);
  await item.save();
  assert.match(item.id, /^[A-Za-z0-9]{10}$/);
  assert.equal(item.isNew(), false);
  assert.ok(item.createdAt instanceof Date);
  assert.equal(item.updatedAt.getTime(), item.createdAt.getTime());
});

test("a saved change moves updatedAt only", async () => {
  const item = await make(Item, { name: "mug" }).save();
  const { createdAt } = item;
  await new Promise((next) => setTimeout(next, 2));
  await item.save({ name: "cup" });
  const found = await stored(item);
  assert.equal(found.get("name"), "cup");
  assert.equal(found.createdAt.getTime(), createdAt.getTime());
  assert.ok(found.updatedAt > createdAt);
  assert.equal(found.updatedAt.getTime(), item.updatedAt.getTime());
});

test("fetch brings what another device changed", async () => {
  const item = await make(Item, { name: "mug", stock: 1 }).save();
  const elsewhere = await stored(item);
  await elsewhere.save({ stock: 9 });
  await item.fetch();
  assert.equal(item.get("stock"), 9);
});

test("fetchAll and fetchAllIfNeeded bring many", async () => {
  const items = await Parse.Object.saveAll([1, 2, 3].map((stock) => make(Item, { stock })));
  const bare = items.map(({ id }) => Parse.Object.fromJSON({ className: Item, objectId: id }));
  await Parse.Object.fetchAll(bare);
  assert.deepEqual(shop.values(bare, "stock"), [1, 2, 3]);
  const pointers = items.map(({ id }) => Object.assign(make(Item), { id }));
  await Parse.Object.fetchAllIfNeeded(pointers);
  assert.deepEqual(shop.values(pointers, "stock"), [1, 2, 3]);
});

test("a destroyed object is gone", async () => {
  const item = await make(Item, { name: "mug" }).save();
  await item.destroy();
  await refused(Parse.Error.OBJECT_NOT_FOUND, stored(item), "Object not found.");
});

test("text keeps every letter", async () => {
  for (const text of ["", "Größe № 5 — ☕", "line\nbreak\t\"quoted\" \\ 'single'", "$price {a.b}", "日本語"]) {
    assert.equal(await thereAndBack("name", text), text);
  }
});

test("numbers keep their value", async () => {
  for (const number of [0, -1, 19.99, 1e21, 2 ** 53 - 1, 0.1 + 0.2]) {
    assert.equal(await thereAndBack("stock", number), number);
  }
});

test("booleans", async () => {
  assert.equal(await thereAndBack("onSale", true), true);
  assert.equal(await thereAndBack("onSale", false), false);
});

test("null is stored as null", async () => {
  assert.equal(await thereAndBack("name", null), null);
});

test("a date keeps its milliseconds", async () => {
  const date = new Date("2026-11-22T09:30:15.007Z");
  const found = await thereAndBack("since", date);
  assert.ok(found instanceof Date);
  assert.equal(found.getTime(), date.getTime());
});

test("a date before 1970", async () => {
  const date = new Date("1901-02-03T04:05:06.789Z");
  assert.equal((await thereAndBack("since", date)).getTime(), date.getTime());
});

test("an object keeps its nested values and types", async () => {
  const size = { width: 1.5, parts: [{ name: "lid", ok: true }, null], measured: new Date(0), none: null };
  assert.deepEqual(await thereAndBack("size", size), size);
});

test("an array keeps mixed values and types in order", async () => {
  const store = await make(Store, { name: "Main" }).save();
  const found = await thereAndBack("tags", ["a", 1, false, null, { k: [1] }, new Date(5), store]);
  assert.deepEqual(found.slice(0, 5), ["a", 1, false, null, { k: [1] }]);
  assert.equal(found[5].getTime(), 5);
  assert.equal(found[6].id, store.id);
});

test("empty objects and arrays stay what they are", async () => {
  assert.deepEqual(await thereAndBack("size", {}), {});
  assert.deepEqual(await thereAndBack("tags", []), []);
});

test("a geo point", async () => {
  const found = await thereAndBack("place", new Parse.GeoPoint(51.5014, -0.1419));
  assert.ok(found instanceof Parse.GeoPoint);
  assert.equal(found.latitude, 51.5014);
  assert.equal(found.longitude, -0.1419);
});

test("a polygon", async () => {
  const area = new Parse.Polygon([[0, 0], [0, 1], [1, 1], [1, 0]]);
  const found = await thereAndBack("area", area);
  assert.ok(found instanceof Parse.Polygon);
  // Stored closed: the first corner may come again at the end.
  assert.deepEqual(found.coordinates.slice(0, 4), area.coordinates);
  assert.ok(found.containsPoint(new Parse.GeoPoint(0.5, 0.5)));
});

test("bytes", async () => {
  const bytes = { __type: "Bytes", base64: Buffer.from([0, 1, 254, 255]).toString("base64") };
  const found = await thereAndBack("picture", bytes);
  assert.equal(found.__type, "Bytes");
  assert.equal(found.base64, bytes.base64);
});

test("a pointer", async () => {
  const store = await make(Store, { name: "Main" }).save();
  const found = await thereAndBack("store", store);
  assert.ok(found instanceof Parse.Object);
  assert.equal(found.className, Store);
  assert.equal(found.id, store.id);
  assert.equal(found.isDataAvailable(), false);
  assert.equal((await found.fetch()).get("name"), "Main");
});

test("an unsaved object pointed to is saved first", async () => {
  const store = make(Store, { name: "New" });
  const item = await make(Item, { store }).save();
  assert.ok(store.id);
  assert.equal((await stored(item)).get("store").id, store.id);
});

test("increment and decrement", async () => {
  const item = await make(Item, { stock: 5 }).save();
  await item.increment("stock").save();
  assert.equal(item.get("stock"), 6);
  await item.increment("stock", 0.5).save();
  await item.decrement("stock", 2).save();
  assert.equal((await stored(item)).get("stock"), 4.5);
});

test("increment starts a number that is not there", async () => {
  const item = await make(Item, { name: "mug" }).save();
  await item.increment("stock", 3).save();
  assert.equal((await stored(item)).get("stock"), 3);
});

test("the answer to an increment is the server's number", async () => {
  const item = await make(Item, { stock: 1 }).save();
  await (await stored(item)).increment("stock", 10).save();
  await item.increment("stock").save();
  assert.equal(item.get("stock"), 12);
});

test("increments at the same time all count", async () => {
  const item = await make(Item, { stock: 0 }).save();
  const devices = await Promise.all(Array.from({ length: 10 }, () => stored(item)));
  await Promise.all(devices.map((device) => device.increment("stock").save()));
  assert.equal((await stored(item)).get("stock"), 10);
});

test("add appends, also twice", async () => {
  const item = await make(Item, { tags: ["new"] }).save();
  item.add("tags", "blue");
  item.add("tags", "blue");
  await item.save();
  assert.deepEqual((await stored(item)).get("tags"), ["new", "blue", "blue"]);
  item.addAll("tags", ["x", "y"]);
  await item.save();
  assert.deepEqual((await stored(item)).get("tags"), ["new", "blue", "blue", "x", "y"]);
});

test("add starts an array that is not there", async () => {
  const item = await make(Item, { name: "mug" }).save();
  item.add("tags", "first");
  await item.save();
  assert.deepEqual((await stored(item)).get("tags"), ["first"]);
});

test("addUnique adds what is not there yet", async () => {
  const item = await make(Item, { tags: ["new"] }).save();
  item.addAllUnique("tags", ["new", "blue"]);
  await item.save();
  item.addUnique("tags", "blue");
  await item.save();
  assert.deepEqual((await stored(item)).get("tags"), ["new", "blue"]);
});

test("addUnique knows objects by value", async () => {
  const item = await make(Item, { tags: [{ k: 1 }] }).save();
  item.addUnique("tags", { k: 1 });
  await item.save();
  item.addUnique("tags", { k: 2 });
  await item.save();
  assert.deepEqual((await stored(item)).get("tags"), [{ k: 1 }, { k: 2 }]);
});

test("remove takes out every copy", async () => {
  const item = await make(Item, { tags: ["a", "b", "a", "c"] }).save();
  item.remove("tags", "a");
  await item.save();
  assert.deepEqual((await stored(item)).get("tags"), ["b", "c"]);
  item.removeAll("tags", ["b", "c", "d"]);
  await item.save();
  assert.deepEqual((await stored(item)).get("tags"), []);
});

test("array changes at the same time are all kept", async () => {
  const item = await make(Item, { tags: [] }).save();
  const devices = await Promise.all(["a", "b", "c"].map(() => stored(item)));
  await Promise.all(["a", "b", "c"].map((tag, i) => {
    devices[i].addUnique("tags", tag);
    return devices[i].save();
  }));
  assert.deepEqual((await stored(item)).get("tags").sort(), ["a", "b", "c"]);
});

test("unset removes the field", async () => {
  const item = await make(Item, { name: "mug", stock: 1 }).save();
  item.unset("name");
  await item.save();
  const found = await stored(item);
  assert.equal(found.has("name"), false);
  assert.equal(found.get("stock"), 1);
});

test("a key inside an object changes alone", async () => {
  const item = await make(Item, { size: { width: 1, height: 2 } }).save();
  item.set("size.width", 5);
  await item.save();
  assert.deepEqual((await stored(item)).get("size"), { width: 5, height: 2 });
  item.increment("size.height", 3);
  await item.save();
  assert.deepEqual((await stored(item)).get("size"), { width: 5, height: 5 });
  item.unset("size.width");
  await item.save();
  assert.deepEqual((await stored(item)).get("size"), { height: 5 });
});

test("a value changed in place is saved", async () => {
  const item = await make(Item, { size: { width: 1 } }).save();
  item.get("size").width = 2;
  assert.equal(item.dirty("size"), true);
  await item.save();
  assert.deepEqual((await stored(item)).get("size"), { width: 2 });
});

test("several changes in one save", async () => {
  const item = await make(Item, { name: "mug", stock: 1, tags: ["a"], onSale: true }).save();
  item.set("name", "cup");
  item.increment("stock");
  item.addUnique("tags", "b");
  item.unset("onSale");
  await item.save();
  const found = await stored(item);
  assert.equal(found.get("name"), "cup");
  assert.equal(found.get("stock"), 2);
  assert.deepEqual(found.get("tags"), ["a", "b"]);
  assert.equal(found.has("onSale"), false);
});

test("a field of a new object may start with a change", async () => {
  const item = make(Item);
  item.increment("stock", 2);
  item.addUnique("tags", "a");
  await item.save();
  assert.equal(item.get("stock"), 2);
  assert.deepEqual((await stored(item)).get("tags"), ["a"]);
});

test("a new field is learned from its first value", async () => {
  await make(Item, { weight: 350 }).save();
  const { fields } = await new Parse.Schema(Item).get();
  assert.equal(fields.weight.type, "Number");
  await refused(
    Parse.Error.INCORRECT_TYPE,
    make(Item, { weight: "heavy" }).save(),
    `schema mismatch for ${Item}.weight; expected Number but got String`,
  );
});

test("exists tells whether the object is still there", async () => {
  const item = await make(Item, { name: "mug" }).save();
  assert.equal(await item.exists(), true);
  await (await stored(item)).destroy();
  assert.equal(await item.exists(), false);
});

test("a clone is a new object with the same fields", async () => {
  const item = await make(Item, { name: "mug", tags: ["a"] }).save();
  const copy = await item.clone().save();
  assert.notEqual(copy.id, item.id);
  assert.deepEqual((await stored(copy)).get("tags"), ["a"]);
});

test("several objects are fetched together with what they point to", async () => {
  const product = await make("Product", { name: fresh("Mug"), price: 1 }).save(null, master);
  const skus = [1, 2].map((stock) => make("SKU", { product, variation: fresh("v"), stock }));
  await Parse.Object.saveAll(skus, master);
  const bare = skus.map((sku) => Parse.Object.extend("SKU").createWithoutData(sku.id));
  await Parse.Object.fetchAllWithInclude(bare, ["product"], master);
  assert.deepEqual(bare.map((sku) => sku.get("product").get("price")), [1, 1]);
  const more = skus.map((sku) => Parse.Object.extend("SKU").createWithoutData(sku.id));
  await Parse.Object.fetchAllIfNeededWithInclude(more, ["product"], master);
  assert.deepEqual(more.map((sku) => sku.get("stock")), [1, 2]);
});

test("a subclass of one's own comes back as such", async () => {
  class Mug extends Parse.Object {
    constructor(fields) {
      super("Product", fields);
    }
    get label() {
      return `a ${this.get("name")}`;
    }
  }
  Parse.Object.registerSubclass("Product", Mug);
  try {
    const saved = await new Mug({ name: fresh("Mug"), price: 2 }).save(null, master);
    const found = await new Parse.Query(Mug).get(saved.id);
    assert.ok(found instanceof Mug);
    assert.equal(found.label, `a ${saved.get("name")}`);
  } finally {
    Parse.Object.unregisterSubclass("Product");
  }
});
