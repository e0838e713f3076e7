// Relations: a customer's wish list of products, and the other way round.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import * as shop from "./shop.mjs";

const { Parse, make, refused } = shop;
let Gift, WishList, gifts, list;

const named = (name) => gifts.find((gift) => gift.get("name") === name);
const members = async () => shop.values(await list.relation("gifts").query().ascending("name").find(), "name");

before(async () => {
  Gift = await shop.newClass("Gift", (schema) => schema.addString("name").addNumber("price"));
  WishList = await shop.newClass("WishList", (schema) => schema.addString("title").addRelation("gifts", Gift));
  gifts = ["bowl", "cup", "mug", "vase"].map((name, i) => make(Gift, { name, price: i + 1 }));
  await Parse.Object.saveAll(gifts);
  list = await make(WishList, { title: "birthday" }).save();
});

test("a new relation is empty", async () => {
  assert.deepEqual(await members(), []);
});

test("objects are added one by one and together", async () => {
  list.relation("gifts").add(named("mug"));
  await list.save();
  list.relation("gifts").add([named("bowl"), named("vase")]);
  await list.save();
  assert.deepEqual(await members(), ["bowl", "mug", "vase"]);
});

test("adding again changes nothing", async () => {
  list.relation("gifts").add(named("mug"));
  await list.save();
  assert.deepEqual(await members(), ["bowl", "mug", "vase"]);
});

test("an object is taken out", async () => {
  list.relation("gifts").remove(named("vase"));
  await list.save();
  assert.deepEqual(await members(), ["bowl", "mug"]);
});

test("adding and removing in one save", async () => {
  list.relation("gifts").add(named("cup"));
  list.relation("gifts").remove(named("bowl"));
  await list.save();
  assert.deepEqual(await members(), ["cup", "mug"]);
});

test("a relation is searched, sorted and counted like a class", async () => {
  const query = list.relation("gifts").query();
  assert.deepEqual(shop.values(await query.greaterThan("price", 2).find(), "name"), ["mug"]);
  assert.equal(await list.relation("gifts").query().count(), 2);
  const dearest = await list.relation("gifts").query().descending("price").first();
  assert.equal(dearest.get("name"), "mug");
});

test("the lists that hold an object are found", async () => {
  const other = make(WishList, { title: "wedding" });
  other.relation("gifts").add([named("mug"), named("vase")]);
  await other.save();
  const titles = async (gift) => shop.values(
    await new Parse.Query(WishList).equalTo("gifts", gift).ascending("title").find(), "title",
  );
  assert.deepEqual(await titles(named("mug")), ["birthday", "wedding"]);
  assert.deepEqual(await titles(named("vase")), ["wedding"]);
  assert.deepEqual(await titles(named("bowl")), []);
});

test("a list from elsewhere knows its relation", async () => {
  const found = await new Parse.Query(WishList).get(list.id);
  assert.ok(found.get("gifts") instanceof Parse.Relation);
  assert.equal(found.get("gifts").targetClassName, Gift);
  assert.equal((await found.relation("gifts").query().find()).length, 2);
});

test("a relation of unknown class finds its class by itself", async () => {
  const bare = Object.assign(make(WishList), { id: list.id });
  const found = await bare.relation("gifts").query().ascending("name").find();
  assert.deepEqual(shop.values(found, "name"), ["cup", "mug"]);
  assert.equal(found[0].className, Gift);
});

test("a relation takes objects of its class alone", async () => {
  const stray = await make(WishList, { title: "stray" }).save();
  const bare = Object.assign(make(WishList), { id: list.id });
  bare.relation("gifts").add(stray);
  await refused(
    Parse.Error.INCORRECT_TYPE,
    bare.save(),
    `schema mismatch for ${WishList}.gifts; expected Relation<${Gift}> but got Relation<${WishList}>`,
  );
});

test("a deleted object is no longer a member", async () => {
  await named("cup").destroy();
  assert.deepEqual(await members(), ["mug"]);
});

test("the members of a hidden list stay hidden", async () => {
  const ada = await shop.customer();
  const bob = await shop.customer();
  const secret = make(WishList, { title: "secret" });
  secret.setACL(shop.onlyFor(ada.user));
  secret.relation("gifts").add(named("mug"));
  await secret.save(null, ada.as);
  const query = () => secret.relation("gifts").query();
  assert.equal((await query().find(ada.as)).length, 1);
  assert.deepEqual(await query().find(bob.as), []);
});

test("a customer's own relation to products", async () => {
  const { user, as } = await shop.customer();
  const role = new Parse.Role(shop.fresh("club"), new Parse.ACL());
  role.getUsers().add(user);
  await role.save(null, shop.master);
  const found = await role.getUsers().query().find(shop.master);
  assert.deepEqual(shop.ids(found), [user.id]);
  const roles = await new Parse.Query(Parse.Role).equalTo("users", user).find(shop.master);
  assert.deepEqual(shop.ids(roles), [role.id]);
  assert.deepEqual(await new Parse.Query(Parse.Role).equalTo("users", user).find(as), []);
});
