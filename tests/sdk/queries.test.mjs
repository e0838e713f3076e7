// Every query that the SDK can build, against a small catalogue.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import * as shop from "./shop.mjs";

const { Parse, make, refused } = shop;
let Store, Brand, Goods, north, south, acme, zen;

const goods = () => new Parse.Query(Goods).ascending("name");
const names = async (query) => shop.values(await query.find(), "name");

before(async () => {
  Store = await shop.newClass("Store", (schema) => schema.addString("name").addString("city"));
  Brand = await shop.newClass("Brand", (schema) => schema
    .addString("name").addString("city").addPointer("home", Store).addNumber("founded"));
  Goods = await shop.newClass("Goods", (schema) => schema
    .addString("name").addNumber("price").addArray("tags").addBoolean("onSale").addDate("since")
    .addPointer("brand", Brand).addArray("stores").addObject("size").addString("city"));
  north = make(Store, { name: "North", city: "Leeds" });
  south = make(Store, { name: "South", city: "Brighton" });
  acme = make(Brand, { name: "Acme", city: "Leeds", home: north, founded: 1950 });
  zen = make(Brand, { name: "Zen", city: "Kyoto", home: south, founded: 1700 });
  await Parse.Object.saveAll([north, south]);
  await Parse.Object.saveAll([acme, zen]);
  const day = (n) => new Date(Date.UTC(2026, 0, n));
  await Parse.Object.saveAll([
    make(Goods, { name: "bowl", price: 9, tags: ["kitchen", "blue"], onSale: true, since: day(1),
      brand: acme, stores: [north, south], size: { width: 20, box: { weight: 2 } }, city: "Leeds" }),
    make(Goods, { name: "cup", price: 4, tags: ["kitchen"], onSale: false, since: day(2),
      brand: zen, stores: [south], size: { width: 8 }, city: "Oslo" }),
    make(Goods, { name: "mug", price: 6, tags: ["kitchen", "blue", "gift"], onSale: true, since: day(3),
      brand: acme, stores: [], size: { width: 9 } }),
    make(Goods, { name: "Plate (50%)", price: 6, tags: [], since: day(4), brand: zen }),
    make(Goods, { name: "vase", price: 30, tags: ["gift"], since: day(5) }),
  ]);
});

test("equalTo and notEqualTo", async () => {
  assert.deepEqual(await names(goods().equalTo("price", 6)), ["Plate (50%)", "mug"]);
  assert.deepEqual(await names(goods().notEqualTo("price", 6)), ["bowl", "cup", "vase"]);
  assert.deepEqual(await names(goods().equalTo("onSale", true)), ["bowl", "mug"]);
  assert.deepEqual(await names(goods().notEqualTo("onSale", true)), ["Plate (50%)", "cup", "vase"]);
});

test("less and greater", async () => {
  assert.deepEqual(await names(goods().lessThan("price", 6)), ["cup"]);
  assert.deepEqual(await names(goods().lessThanOrEqualTo("price", 6)), ["Plate (50%)", "cup", "mug"]);
  assert.deepEqual(await names(goods().greaterThan("price", 9)), ["vase"]);
  assert.deepEqual(await names(goods().greaterThanOrEqualTo("price", 9)), ["bowl", "vase"]);
});

test("a range, also of dates", async () => {
  assert.deepEqual(await names(goods().greaterThan("price", 4).lessThan("price", 9)), ["Plate (50%)", "mug"]);
  const query = goods()
    .greaterThanOrEqualTo("since", new Date(Date.UTC(2026, 0, 2)))
    .lessThan("since", new Date(Date.UTC(2026, 0, 4)));
  assert.deepEqual(await names(query), ["cup", "mug"]);
});

test("the time of creation", async () => {
  const oldest = await new Parse.Query(Goods).ascending("createdAt").first();
  assert.deepEqual(await names(goods().lessThan("createdAt", oldest.createdAt)), []);
  assert.equal(await goods().greaterThanOrEqualTo("createdAt", oldest.createdAt).count(), 5);
  assert.equal(await goods().lessThan("updatedAt", new Date(Date.now() + 60_000)).count(), 5);
});

test("containedIn and notContainedIn", async () => {
  assert.deepEqual(await names(goods().containedIn("name", ["cup", "mug", "none"])), ["cup", "mug"]);
  assert.deepEqual(await names(goods().notContainedIn("price", [6, 30])), ["bowl", "cup"]);
  assert.deepEqual(await names(goods().containedIn("name", [])), []);
});

test("containedIn on an array field finds any of the values", async () => {
  assert.deepEqual(await names(goods().containedIn("tags", ["gift", "blue"])), ["bowl", "mug", "vase"]);
});

test("an array field contains a value", async () => {
  assert.deepEqual(await names(goods().equalTo("tags", "gift")), ["mug", "vase"]);
});

test("containsAll and containedBy", async () => {
  assert.deepEqual(await names(goods().containsAll("tags", ["blue", "kitchen"])), ["bowl", "mug"]);
  const query = goods().containedBy("tags", ["kitchen", "blue"]);
  assert.deepEqual(await names(query), ["Plate (50%)", "bowl", "cup"]);
});

test("containsAllStartingWith", async () => {
  assert.deepEqual(await names(goods().containsAllStartingWith("tags", ["kit", "bl"])), ["bowl", "mug"]);
});

test("exists and doesNotExist", async () => {
  assert.deepEqual(await names(goods().exists("brand").exists("onSale")), ["bowl", "cup", "mug"]);
  assert.deepEqual(await names(goods().doesNotExist("brand")), ["vase"]);
});

test("startsWith, endsWith and contains take their text as it is", async () => {
  assert.deepEqual(await names(goods().startsWith("name", "Plate (")), ["Plate (50%)"]);
  assert.deepEqual(await names(goods().endsWith("name", "%)")), ["Plate (50%)"]);
  assert.deepEqual(await names(goods().contains("name", "u")), ["cup", "mug"]);
  assert.deepEqual(await names(goods().contains("name", ".")), []);
  assert.deepEqual(await names(goods().startsWith("name", "ug")), []);
});

test("matches takes a regular expression", async () => {
  assert.deepEqual(await names(goods().matches("name", /^[bc]/)), ["bowl", "cup"]);
  assert.deepEqual(await names(goods().matches("name", /^pla/i)), ["Plate (50%)"]);
  assert.deepEqual(await names(goods().matches("name", "^PLA", "i")), ["Plate (50%)"]);
});

test("a key inside an object", async () => {
  assert.deepEqual(await names(goods().equalTo("size.box.weight", 2)), ["bowl"]);
  assert.deepEqual(await names(goods().lessThan("size.width", 10)), ["cup", "mug"]);
});

test("a pointer", async () => {
  assert.deepEqual(await names(goods().equalTo("brand", acme)), ["bowl", "mug"]);
  assert.deepEqual(await names(goods().containedIn("brand", [zen])), ["Plate (50%)", "cup"]);
  assert.deepEqual(await names(goods().notEqualTo("brand", acme)), ["Plate (50%)", "cup", "vase"]);
});

test("a pointer inside an array", async () => {
  assert.deepEqual(await names(goods().equalTo("stores", north)), ["bowl"]);
  assert.deepEqual(await names(goods().containedIn("stores", [south])), ["bowl", "cup"]);
  assert.deepEqual(await names(goods().containsAll("stores", [north, south])), ["bowl"]);
});

test("the object id", async () => {
  const [bowl, ...rest] = await goods().containedIn("name", ["bowl", "cup"]).find();
  assert.deepEqual(await names(goods().equalTo("objectId", bowl.id)), ["bowl"]);
  assert.deepEqual(await names(goods().containedIn("objectId", [bowl.id, rest[0].id])), ["bowl", "cup"]);
  assert.equal((await names(goods().notEqualTo("objectId", bowl.id))).length, 4);
});

test("or, and, nor", async () => {
  const cheap = new Parse.Query(Goods).lessThan("price", 5);
  const dear = new Parse.Query(Goods).greaterThan("price", 20);
  const blue = new Parse.Query(Goods).equalTo("tags", "blue");
  assert.deepEqual(await names(Parse.Query.or(cheap, dear).ascending("name")), ["cup", "vase"]);
  assert.deepEqual(await names(Parse.Query.nor(cheap, dear, blue)), ["Plate (50%)"]);
  const sale = new Parse.Query(Goods).equalTo("onSale", true);
  assert.deepEqual(await names(Parse.Query.and(blue, sale).ascending("name")), ["bowl", "mug"]);
  const nested = Parse.Query.and(Parse.Query.or(cheap, blue), Parse.Query.or(sale, dear));
  assert.deepEqual(await names(nested.ascending("name")), ["bowl", "mug"]);
  assert.deepEqual(await names(Parse.Query.or(cheap, dear).equalTo("tags", "gift")), ["vase"]);
});

test("matchesQuery and doesNotMatchQuery", async () => {
  const old = new Parse.Query(Brand).lessThan("founded", 1800);
  assert.deepEqual(await names(goods().matchesQuery("brand", old)), ["Plate (50%)", "cup"]);
  assert.deepEqual(await names(goods().doesNotMatchQuery("brand", old)), ["bowl", "mug", "vase"]);
});

test("a query in a query in a query", async () => {
  const inLeeds = new Parse.Query(Store).equalTo("city", "Leeds");
  const brands = new Parse.Query(Brand).matchesQuery("home", inLeeds);
  assert.deepEqual(await names(goods().matchesQuery("brand", brands)), ["bowl", "mug"]);
});

test("matchesKeyInQuery and doesNotMatchKeyInQuery", async () => {
  const stores = new Parse.Query(Store);
  assert.deepEqual(await names(goods().matchesKeyInQuery("city", "city", stores)), ["bowl"]);
  const elsewhere = goods().exists("city").doesNotMatchKeyInQuery("city", "city", stores);
  assert.deepEqual(await names(elsewhere), ["cup"]);
});

test("order by several fields", async () => {
  const query = new Parse.Query(Goods).descending("price").addAscending("name");
  assert.deepEqual(await names(query), ["vase", "bowl", "Plate (50%)", "mug", "cup"]);
  const other = new Parse.Query(Goods).ascending("price").addDescending("name");
  assert.deepEqual(await names(other), ["cup", "mug", "Plate (50%)", "bowl", "vase"]);
});

test("limit and skip", async () => {
  assert.deepEqual(await names(goods().skip(1).limit(2)), ["bowl", "cup"]);
  assert.deepEqual(await names(goods().limit(0)), []);
  assert.deepEqual(await names(goods().skip(99)), []);
});

test("count, and results with count", async () => {
  assert.equal(await goods().equalTo("price", 6).count(), 2);
  assert.equal(await goods().count(), 5);
  const { results, count } = await goods().limit(2).withCount().find();
  assert.equal(results.length, 2);
  assert.equal(count, 5);
});

test("first, and first of nothing", async () => {
  assert.equal((await goods().descending("price").first()).get("name"), "vase");
  assert.equal(await goods().equalTo("name", "none").first(), undefined);
});

test("get by id, and by an id that is not there", async () => {
  const vase = await goods().equalTo("name", "vase").first();
  assert.equal((await new Parse.Query(Goods).get(vase.id)).get("price"), 30);
  await refused(Parse.Error.OBJECT_NOT_FOUND, new Parse.Query(Goods).get("nosuchid00"), "Object not found.");
});

test("each, map, filter and reduce walk over all", async () => {
  const seen = [];
  await new Parse.Query(Goods).each((object) => void seen.push(object.get("name")), { batchSize: 2 });
  assert.deepEqual(seen.sort(), ["Plate (50%)", "bowl", "cup", "mug", "vase"]);
  const prices = await new Parse.Query(Goods).map((object) => object.get("price"));
  assert.equal(prices.length, 5);
  const dear = await new Parse.Query(Goods).filter((object) => object.get("price") > 6);
  assert.equal(dear.length, 2);
  assert.equal(await new Parse.Query(Goods).reduce((sum, object) => sum + object.get("price"), 0), 55);
});

test("findAll and eachBatch bring more than a page", async () => {
  assert.equal((await new Parse.Query(Goods).findAll({ batchSize: 2 })).length, 5);
  const sizes = [];
  await new Parse.Query(Goods).eachBatch((objects) => void sizes.push(objects.length), { batchSize: 2 });
  assert.deepEqual(sizes, [2, 2, 1]);
});

test("select brings the chosen fields and the times", async () => {
  const bowl = await goods().equalTo("name", "bowl").select("name", "price").first();
  assert.deepEqual(Object.keys(bowl.attributes).sort(), ["createdAt", "name", "price", "updatedAt"]);
});

test("exclude leaves fields out", async () => {
  const bowl = await goods().equalTo("name", "bowl").exclude("price", "tags").first();
  assert.equal(bowl.has("price"), false);
  assert.equal(bowl.has("tags"), false);
  assert.equal(bowl.get("onSale"), true);
});

test("without include a pointer has no data", async () => {
  const bowl = await goods().equalTo("name", "bowl").first();
  assert.equal(bowl.get("brand").isDataAvailable(), false);
});

test("include, nested, brings every step", async () => {
  const bowl = await goods().equalTo("name", "bowl").include("brand.home").first();
  assert.equal(bowl.get("brand").get("name"), "Acme");
  assert.equal(bowl.get("brand").get("home").get("city"), "Leeds");
});

test("include fills pointers in an array, in their order", async () => {
  const bowl = await goods().equalTo("name", "bowl").include("stores").first();
  assert.deepEqual(shop.values(bowl.get("stores"), "name"), ["North", "South"]);
});

test("include with a star fills one step of everything", async () => {
  for (const query of [goods().include("*"), goods().includeAll()]) {
    const bowl = await query.equalTo("name", "bowl").first();
    assert.equal(bowl.get("brand").get("name"), "Acme");
    assert.equal(bowl.get("stores")[1].get("city"), "Brighton");
    assert.equal(bowl.get("brand").get("home").isDataAvailable(), false);
  }
});

test("select and exclude reach into what is included", async () => {
  const one = await goods().equalTo("name", "bowl").include("brand").select("brand.name").first();
  assert.equal(one.get("brand").get("name"), "Acme");
  assert.equal(one.get("brand").has("founded"), false);
  assert.equal(one.has("price"), false);
  const other = await goods().equalTo("name", "bowl").include("brand").exclude("brand.founded").first();
  assert.equal(other.get("brand").get("name"), "Acme");
  assert.equal(other.get("brand").has("founded"), false);
  assert.equal(other.get("price"), 9);
});

test("include on get and fetch", async () => {
  const bowl = await goods().equalTo("name", "bowl").first();
  const again = await new Parse.Query(Goods).include("brand").get(bowl.id);
  assert.equal(again.get("brand").get("name"), "Acme");
  await bowl.fetchWithInclude(["brand.home"]);
  assert.equal(bowl.get("brand").get("home").get("name"), "North");
});

test("a pointer whose target is gone is left out of the include", async () => {
  const closed = await make(Store, { name: "Closed" }).save();
  const tray = await make(Goods, { name: "tray", price: 1, stores: [closed, north] }).save();
  await closed.destroy();
  const found = await new Parse.Query(Goods).include("stores").get(tray.id);
  assert.deepEqual(shop.values(found.get("stores"), "name"), ["North"]);
  await tray.destroy();
});

test("a query from its JSON", async () => {
  const json = goods().equalTo("tags", "gift").limit(1).toJSON();
  assert.deepEqual(await names(Parse.Query.fromJSON(Goods, json)), ["mug"]);
});

test("a null finds what is null or missing", async () => {
  assert.deepEqual(await names(goods().equalTo("brand", null)), ["vase"]);
  assert.deepEqual(await names(goods().notEqualTo("city", null)), ["bowl", "cup"]);
});

test("a class nobody made is refused, or empty for the master", async () => {
  const query = new Parse.Query("Nowhere");
  await refused(Parse.Error.OPERATION_FORBIDDEN, query.find(), "Permission denied");
  assert.deepEqual(await query.find(shop.master), []);
});
