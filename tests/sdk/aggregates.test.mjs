// Pipelines, distinct values, hints and plans, against a small ledger.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import * as shop from "./shop.mjs";

const { Parse, make, master, refused } = shop;
const day = (month) => new Date(Date.UTC(2026, month, 1));
let Till, Sale, north, south;

const sales = () => new Parse.Query(Sale);
const byId = (rows) => rows.toSorted((a, b) => String(a.objectId).localeCompare(String(b.objectId)));

before(async () => {
  Till = await shop.newClass("Till", (schema) => schema.addString("name"));
  Sale = await shop.newClass("Sale", (schema) => schema
    .addString("drink").addNumber("price").addDate("day").addPointer("till", Till).addArray("tags"));
  north = make(Till, { name: "North" });
  south = make(Till, { name: "South" });
  await Parse.Object.saveAll([north, south]);
  await Parse.Object.saveAll([
    make(Sale, { drink: "coffee", price: 3, day: day(0), till: north, tags: ["hot"] }),
    make(Sale, { drink: "coffee", price: 4, day: day(5), till: south, tags: ["hot", "large"] }),
    make(Sale, { drink: "tea", price: 2, day: day(8), till: north, tags: [] }),
  ]);
});

test("a group, with what it sums up", async () => {
  const group = { $group: { _id: "$drink", sum: { $sum: "$price" }, most: { $max: "$price" } } };
  assert.deepEqual(byId(await sales().aggregate(group)), [
    { objectId: "coffee", sum: 7, most: 4 },
    { objectId: "tea", sum: 2, most: 2 },
  ]);
});

test("several stages, as an array and as an object", async () => {
  const stages = [{ $match: { price: { $gt: 2 } } }, { $sort: { price: -1 } }, { $limit: 1 }];
  const [dearest] = await sales().aggregate(stages);
  assert.equal(dearest.price, 4);
  const [same] = await sales().aggregate(Object.assign({}, ...stages));
  assert.equal(same.objectId, dearest.objectId);
});

test("the query's own conditions come first", async () => {
  const pipeline = [{ $group: { _id: null, count: { $sum: 1 } } }];
  const found = await sales().equalTo("drink", "coffee").aggregate(pipeline);
  assert.deepEqual(found, [{ objectId: null, count: 2 }]);
});

test("a pointer, to match and to group by", async () => {
  const [cheap, ...more] = await sales().aggregate([
    { $match: { till: north.id } }, { $sort: { price: 1 } }, { $project: { till: 1, price: 1 } },
  ]);
  assert.deepEqual([cheap.price, more.length], [2, 1]);
  // What comes back is JSON, and not objects of the SDK.
  assert.deepEqual(cheap.till, { __type: "Pointer", className: Till, objectId: north.id });
  const groups = await sales().aggregate([{ $group: { _id: "$till", count: { $sum: 1 } } }, { $sort: { count: 1 } }]);
  assert.deepEqual(groups, [{ objectId: south.id, count: 1 }, { objectId: north.id, count: 2 }]);
});

test("dates, to match and in results", async () => {
  const [tea, ...more] = await sales().aggregate([
    { $match: { day: { $gt: day(5) }, createdAt: { $gt: new Date(0) } } }, { $project: { day: 1 } },
  ]);
  assert.equal(more.length, 0);
  assert.deepEqual(tea.day, { __type: "Date", iso: day(8).toISOString() });
});

test("ids and times, in a projection", async () => {
  const [first] = await sales().aggregate([
    { $sort: { price: 1 } }, { $project: { objectId: 1, createdAt: 1 } },
  ]);
  assert.deepEqual(Object.keys(first).sort(), ["createdAt", "objectId"]);
  assert.equal((await sales().get(first.objectId)).createdAt.toISOString(), first.createdAt);
});

test("unwinding, joining, facets and samples", async () => {
  const tags = await sales().aggregate([
    { $unwind: "$tags" }, { $group: { _id: "$tags", count: { $sum: 1 } } },
  ]);
  assert.deepEqual(byId(tags), [{ objectId: "hot", count: 2 }, { objectId: "large", count: 1 }]);
  const [facets] = await sales().aggregate({ $facet: { all: [{ $count: "n" }], tea: [{ $match: { drink: "tea" } }, { $count: "n" }] } });
  assert.deepEqual(facets, { all: [{ n: 3 }], tea: [{ n: 1 }] });
  assert.equal((await sales().aggregate({ $sample: { size: 2 } })).length, 2);
  const [joined] = await sales().aggregate([
    { $match: { drink: "tea" } },
    { $addFields: { tillId: { $arrayElemAt: [{ $split: ["$_p_till", { $literal: "$" }] }, 1] } } },
    { $lookup: { from: Till, localField: "tillId", foreignField: "_id", as: "tills" } },
    { $project: { name: { $first: "$tills.name" } } },
  ]);
  assert.equal(joined.name, "North");
});

test("what is no pipeline", async () => {
  await refused(Parse.Error.INVALID_QUERY, sales().aggregate([{ group: { _id: null } }]));
  await refused(Parse.Error.INVALID_QUERY, sales().aggregate([{ $group: { objectId: "$drink" } }]));
  await refused(Parse.Error.INVALID_QUERY, sales().aggregate([{ $group: { sum: { $sum: 1 } } }]));
  await refused(Parse.Error.INVALID_QUERY, sales().aggregate([{ $nosuch: 1 }]));
  await refused(Parse.Error.INVALID_QUERY, sales().aggregate([{ $match: {}, $limit: 1 }]));
});

test("a class that is not there", async () => {
  assert.deepEqual(await new Parse.Query(shop.fresh("Nowhere")).aggregate([{ $limit: 1 }]), []);
});

test("distinct values", async () => {
  assert.deepEqual((await sales().distinct("drink")).sort(), ["coffee", "tea"]);
  assert.deepEqual((await sales().distinct("tags")).sort(), ["hot", "large"]);
  assert.deepEqual(await sales().equalTo("till", south).distinct("price"), [4]);
  assert.deepEqual(await sales().distinct("nosuch"), []);
});

test("distinct pointers and dates", async () => {
  const tills = await sales().equalTo("drink", "tea").distinct("till");
  assert.deepEqual(tills, [{ __type: "Pointer", className: Till, objectId: north.id }]);
  const days = await sales().lessThan("price", 4).distinct("day");
  assert.deepEqual(days.map((each) => each.iso).sort(), [day(0).toISOString(), day(8).toISOString()]);
});

test("a hint, of a find, a count and an aggregate", async () => {
  assert.equal((await sales().hint("_id_").find()).length, 3);
  assert.equal(await sales().hint("_id_").count(), 3);
  assert.equal((await sales().hint("_id_").aggregate([{ $limit: 1 }])).length, 1);
  await refused(Parse.Error.INVALID_QUERY, sales().hint("nosuch").aggregate([{ $limit: 1 }]));
});

test("the plan of a query and of a pipeline", async () => {
  const plan = await sales().equalTo("price", 3).hint("_id_").explain().find(master);
  assert.match(JSON.stringify(plan), /executionStats/);
  assert.match(JSON.stringify(plan), /"_id_"/);
  const [of] = await sales().explain().aggregate([{ $match: { price: 3 } }]);
  assert.match(JSON.stringify(of), /winningPlan/);
});

test("a comment", async () => {
  assert.equal((await sales().comment("why").aggregate([{ $limit: 1 }])).length, 1);
});
