// Places, areas and words: what the SDK can ask of them.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import * as shop from "./shop.mjs";

const { Parse, make, onParseServer } = shop;
const point = (latitude, longitude) => new Parse.GeoPoint(latitude, longitude);
const ulm = point(48.4, 10);
let Town, Zone, Tea;

const towns = () => new Parse.Query(Town);
const teas = () => new Parse.Query(Tea);
const names = async (query) => shop.values(await query.find(), "name");

before(async () => {
  Town = await shop.newClass("Town", (schema) => schema
    .addString("name").addGeoPoint("at").addDate("founded"));
  Zone = await shop.newClass("Zone", (schema) => schema.addString("name").addPolygon("area"));
  Tea = await shop.newClass("Tea", (schema) => schema.addString("title").addNumber("price"));
  const day = 24 * 3600 * 1000;
  await Parse.Object.saveAll([
    make(Town, { name: "Ulm", at: ulm, founded: new Date(Date.now() - 10 * day) }),
    make(Town, { name: "Bonn", at: point(50.7, 7.1), founded: new Date(Date.now() - day) }),
    make(Town, { name: "Oslo", at: point(59.9, 10.7), founded: new Date(Date.now() + day) }),
    make(Town, { name: "Suva", at: point(-18.1, 178.4) }),
    make(Town, { name: "Atlantis" }),
  ]);
  const polygon = (...corners) => new Parse.Polygon(corners);
  await Parse.Object.saveAll([
    make(Zone, { name: "square", area: polygon([0, 0], [0, 10], [20, 10], [20, 0]) }),
    make(Zone, { name: "corner", area: polygon([15, 0], [15, 5], [25, 5], [25, 0]) }),
  ]);
  await Parse.Object.saveAll([
    make(Tea, { title: "Green tea", price: 4 }),
    make(Tea, { title: "Black tea, tea of teas", price: 5 }),
    make(Tea, { title: "Café crème", price: 6 }),
  ]);
});

test("points and areas come back as they were saved", async () => {
  const town = await towns().equalTo("name", "Ulm").first();
  assert.deepEqual(town.get("at").toJSON(), ulm.toJSON());
  const zone = await new Parse.Query(Zone).equalTo("name", "square").first();
  assert.ok(zone.get("area") instanceof Parse.Polygon);
  assert.deepEqual(zone.get("area").coordinates, [[0, 0], [0, 10], [20, 10], [20, 0], [0, 0]]);
  assert.ok(zone.get("area").containsPoint(point(15, 5)));
});

test("near brings the nearest first", async () => {
  assert.deepEqual(await names(towns().near("at", point(50, 9))), ["Bonn", "Ulm", "Oslo", "Suva"]);
  assert.deepEqual(await names(towns().near("at", ulm).skip(1).limit(2)), ["Bonn", "Oslo"]);
  assert.deepEqual(await names(towns().near("at", ulm).ascending("name")), ["Bonn", "Oslo", "Suva", "Ulm"]);
});

test("withinKilometers, withinMiles, withinRadians", async () => {
  assert.deepEqual(await names(towns().withinKilometers("at", ulm, 400)), ["Ulm", "Bonn"]);
  assert.deepEqual(await names(towns().withinKilometers("at", ulm, 300)), ["Ulm"]);
  assert.deepEqual(await names(towns().withinMiles("at", ulm, 250)), ["Ulm", "Bonn"]);
  assert.deepEqual(await names(towns().withinMiles("at", ulm, 100)), ["Ulm"]);
  assert.deepEqual(await names(towns().withinRadians("at", ulm, 0.3)), ["Ulm", "Bonn", "Oslo"]);
});

test("a distance in any order", async () => {
  const found = await names(towns().withinKilometers("at", ulm, 400, false));
  assert.deepEqual(found.sort(), ["Bonn", "Ulm"]);
});

test("a distance is counted, beside other conditions and in a subquery", async () => {
  assert.equal(await towns().withinKilometers("at", ulm, 400).count(), 2);
  assert.deepEqual(await names(towns().withinRadians("at", ulm, 1).startsWith("name", "O")), ["Oslo"]);
  const near = Parse.Query.and(towns().withinKilometers("at", ulm, 400), towns().notEqualTo("name", "Ulm"));
  assert.deepEqual(await names(near), ["Bonn"]);
});

test("near looks across the 180th meridian", async () => {
  const found = await names(towns().withinKilometers("at", point(-18, -179.5), 1000));
  assert.deepEqual(found, onParseServer ? [] : ["Suva"]);
});

test("withinGeoBox and withinPolygon", async () => {
  assert.deepEqual(await names(towns().withinGeoBox("at", point(45, 0), point(55, 9))), ["Bonn"]);
  const europe = [point(40, 0), point(40, 20), point(55, 20), point(55, 0)];
  assert.deepEqual(await names(towns().withinPolygon("at", europe).ascending("name")), ["Bonn", "Ulm"]);
  const pairs = [[0, 40], [20, 40], [20, 55], [0, 55]];
  assert.deepEqual(await names(towns().withinPolygon("at", pairs).ascending("name")), ["Bonn", "Ulm"]);
  await assert.rejects(towns().withinPolygon("at", europe.slice(2)).find(), { code: Parse.Error.INVALID_JSON });
});

test("areas of several queries", async () => {
  const box = towns().withinGeoBox("at", point(45, 0), point(55, 9));
  const south = towns().withinGeoBox("at", point(-90, 100), point(0, 180));
  assert.deepEqual(await names(Parse.Query.or(box, south).ascending("name")), ["Bonn", "Suva"]);
});

test("polygonContains", async () => {
  const zones = (place) => names(new Parse.Query(Zone).polygonContains("area", place).ascending("name"));
  assert.deepEqual(await zones(point(17, 3)), ["corner", "square"]);
  assert.deepEqual(await zones(point(22, 3)), ["corner"]);
  assert.deepEqual(await zones(point(5, 15)), []);
});

test("fullText finds words in any case, accent and number", async () => {
  const titles = async (query) => shop.values(await query.ascending("price").find(), "title");
  assert.deepEqual(await titles(teas().fullText("title", "TEAS")), ["Green tea", "Black tea, tea of teas"]);
  assert.deepEqual(await titles(teas().fullText("title", "cafe")), ["Café crème"]);
  assert.deepEqual(await titles(teas().fullText("title", "cafe", { diacriticSensitive: true })), []);
  assert.deepEqual(await titles(teas().fullText("title", "green", { caseSensitive: true })), []);
  assert.deepEqual(await titles(teas().fullText("title", "teas", { language: "none" })), []);
  assert.equal(await teas().fullText("title", "tea").lessThan("price", 5).count(), 1);
});

test("sortByTextScore brings the best fit first", async () => {
  const found = await teas().fullText("title", "tea").sortByTextScore().select("title").find();
  assert.deepEqual(shop.values(found, "title"), ["Black tea, tea of teas", "Green tea"]);
  assert.ok(found[0].get("score") > found[1].get("score"));
});

test("a term must be a text", async () => {
  await assert.rejects(async () => teas().fullText("title", 5).find());
  const query = teas();
  query._addCondition("title", "$text", { $search: { $term: 5 } });
  await assert.rejects(query.find(), { code: Parse.Error.INVALID_JSON });
});

test("times relative to now", async () => {
  const ago = (text) => ({ $relativeTime: text });
  const founded = (operator, text) => {
    const query = towns().ascending("name");
    query._addCondition("founded", operator, ago(text));
    return names(query);
  };
  assert.deepEqual(await founded("$lt", "now"), ["Bonn", "Ulm"]);
  assert.deepEqual(await founded("$gt", "3 days ago"), ["Bonn", "Oslo"]);
  assert.deepEqual(await founded("$gt", "in 12 hours"), ["Oslo"]);
});

test("explain, hint and comment", async () => {
  const plan = await towns().equalTo("name", "Ulm").explain().find({ useMasterKey: true });
  assert.ok((Array.isArray(plan) ? plan[0] : plan).queryPlanner);
  assert.deepEqual(await names(towns().equalTo("name", "Ulm").hint("_id_").comment("from Ulm")), ["Ulm"]);
  assert.deepEqual(await names(towns().equalTo("name", "Ulm").readPreference("NEAREST")), ["Ulm"]);
});
