// Many objects at once: saveAll, destroyAll and transactions.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import * as shop from "./shop.mjs";

const { Parse, make, refused } = shop;
let Item, ada;

// SDK 5.3 does not know the option and would save object by object.
const unknownToSdk = Parse.CoreManager.get("VERSION").startsWith("js5") && "not in this SDK";
// Parse Server starts all parts of a transaction at once and loses some ("NoSuchTransaction").
const racesThere = shop.onParseServer && "Parse Server's transactions fail now and then";

const all = () => new Parse.Query(Item).ascending("number");
const numbers = (from, to) => Array.from({ length: to - from }, (_, i) => from + i);

before(async () => {
  ada = await shop.customer();
  Item = await shop.newClass("Item", (schema) => schema.addNumber("number").addString("name"));
});

test("saveAll makes more than one batch of objects", async () => {
  const items = numbers(0, 45).map((number) => make(Item, { number }));
  const saved = await Parse.Object.saveAll(items);
  assert.equal(saved.length, 45);
  assert.equal(new Set(items.map(({ id }) => id)).size, 45);
  assert.ok(items.every((item) => item.createdAt instanceof Date));
  assert.deepEqual(shop.values(await all().find(), "number"), numbers(0, 45));
});

test("saveAll changes more than one batch of objects", async () => {
  const items = await all().find();
  items.forEach((item) => item.increment("number", 100));
  await Parse.Object.saveAll(items);
  assert.deepEqual(shop.values(await all().find(), "number"), numbers(100, 145));
});

test("one batch mixes new and old objects", async () => {
  const [old] = await all().find();
  const fresh = make(Item, { number: 0 });
  await Parse.Object.saveAll([old.set("name", "old"), fresh]);
  assert.equal((await new Parse.Query(Item).get(old.id)).get("name"), "old");
  await fresh.destroy();
});

test("saveAll names the object that was refused and keeps the others", async () => {
  const good = make(Item, { number: 500 });
  const bad = make(Item, { number: "five hundred" });
  await refused(Parse.Error.INCORRECT_TYPE, Parse.Object.saveAll([good, bad]));
  assert.equal(await all().equalTo("number", 500).count(), 1);
  await good.destroy();
});

test("saveAll saves objects that point to each other's new objects", async () => {
  const Box = await shop.newClass("Box", (schema) => schema.addPointer("inner", Item));
  const inner = make(Item, { number: 900 });
  const box = make(Box, { inner });
  await Parse.Object.saveAll([box]);
  assert.ok(inner.id && box.id);
  await inner.destroy();
});

test("destroyAll removes more than one batch of objects", async () => {
  const items = await all().limit(1000).find();
  assert.equal(items.length, 45);
  await Parse.Object.destroyAll(items);
  assert.equal(await all().count(), 0);
});

test("destroyAll reports what was not there and removes the rest", async () => {
  const items = await Parse.Object.saveAll(numbers(0, 3).map((number) => make(Item, { number })));
  await Object.assign(make(Item), { id: items[1].id }).destroy();
  const error = await refused(Parse.Error.AGGREGATE_ERROR, Parse.Object.destroyAll(items));
  assert.deepEqual(error.errors.map(({ code }) => code), [Parse.Error.OBJECT_NOT_FOUND]);
  assert.equal(error.errors[0].object.id, items[1].id);
  assert.equal(await all().count(), 0);
});

test("a batch acts with the rights of its session", async () => {
  const items = numbers(0, 3).map((number) => make(Item, { number }));
  items.forEach((item) => item.setACL(shop.onlyFor(ada.user)));
  await Parse.Object.saveAll(items, ada.as);
  assert.deepEqual(await all().find(), []);
  const error = await refused(Parse.Error.AGGREGATE_ERROR, Parse.Object.destroyAll(items));
  assert.deepEqual(error.errors.map(({ code }) => code), [101, 101, 101]);
  await Parse.Object.destroyAll(items, ada.as);
  assert.equal(await all().count(shop.master), 0);
});

test("a transaction saves all", { skip: unknownToSdk || racesThere }, async () => {
  const items = numbers(0, 30).map((number) => make(Item, { number }));
  await Parse.Object.saveAll(items, { transaction: true });
  assert.equal(await all().count(), 30);
  await Parse.Object.destroyAll(items, { transaction: true });
  assert.equal(await all().count(), 0);
});

test("a transaction with one refused object saves none", { skip: unknownToSdk }, async () => {
  const good = make(Item, { number: 1 });
  const bad = make(Item, { number: "one" });
  const reason = await Parse.Object.saveAll([good, bad], { transaction: true }).then(
    () => assert.fail("the transaction is refused"),
    (errors) => [errors].flat()[0],
  );
  assert.equal(reason.code, Parse.Error.INCORRECT_TYPE, reason.message);
  assert.equal(await all().count(), 0);
});
