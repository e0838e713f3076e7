// The e-commerce template from first visit to delivered order, as a storefront would write it.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import * as shop from "./shop.mjs";

const { Parse, master, make, refused } = shop;
const line = shop.fresh("Crockery");
let staff, ada, bob, mug, blueMug, cart, order;

before(async () => {
  staff = await shop.member("staff");
  ada = await shop.customer({ address: "12 Analytical Row" });
  bob = await shop.customer();
});

test("the shop opens with the roles admin, staff and seller", async () => {
  const roles = await new Parse.Query(Parse.Role).ascending("name").find(master);
  assert.deepEqual(roles.map((role) => role.getName()), ["admin", "seller", "staff"]);
});

test("staff fill the catalogue", async () => {
  mug = make("Product", { name: `${line} mug`, description: "Holds tea", price: 12.5 });
  const plate = make("Product", { name: `${line} plate`, price: 8 });
  const bowl = make("Product", { name: `${line} bowl`, price: 9.25 });
  await Parse.Object.saveAll([mug, plate, bowl], staff.as);
  blueMug = make("SKU", { product: mug, variation: "blue", stock: 7 });
  const redMug = make("SKU", { product: mug, variation: "red", stock: 0 });
  await Parse.Object.saveAll([blueMug, redMug], staff.as);
  assert.ok(mug.id && plate.id && bowl.id && blueMug.id && redMug.id);
});

test("an admin is staff as well", async () => {
  const admin = await shop.member("admin");
  const jug = await make("Product", { name: "jug", price: 15 }).save(null, admin.as);
  await jug.destroy(admin.as);
});

test("a visitor browses products without an account, cheapest first", async () => {
  const products = await new Parse.Query("Product").startsWith("name", line).ascending("price").find();
  assert.deepEqual(shop.values(products, "price"), [8, 9.25, 12.5]);
  assert.equal(products[2].get("description"), "Holds tea");
  assert.ok(products[0].createdAt instanceof Date);
});

test("a visitor pages through products and learns how many there are", async () => {
  const { results, count } = await new Parse.Query("Product")
    .startsWith("name", line).descending("price").skip(1).limit(1).withCount().find();
  assert.deepEqual(shop.values(results, "price"), [9.25]);
  assert.equal(count, 3);
});

test("a visitor opens one product", async () => {
  const found = await new Parse.Query("Product").get(mug.id);
  assert.equal(found.get("name"), `${line} mug`);
});

test("a visitor sees the variations in stock with their product", async () => {
  const skus = await new Parse.Query("SKU")
    .equalTo("product", mug).greaterThan("stock", 0).include("product").find();
  assert.equal(skus.length, 1);
  assert.equal(skus[0].get("variation"), "blue");
  assert.equal(skus[0].get("product").get("price"), 12.5);
});

test("a visitor sorts variations by stock and name", async () => {
  const skus = await new Parse.Query("SKU")
    .equalTo("product", mug).descending("stock").addAscending("variation").find();
  assert.deepEqual(shop.values(skus, "variation"), ["blue", "red"]);
});

test("a customer signs up with an address and is logged in", async () => {
  const user = await shop.signUp({ address: "1 New Street" });
  assert.equal(Parse.User.current().id, user.id);
  assert.match(user.getSessionToken(), /^r:[0-9a-f]{32}$/);
  const me = await Parse.User.me(user.getSessionToken());
  assert.equal(me.get("address"), "1 New Street");
  await Parse.User.logOut();
});

test("a customer logs in and out", async () => {
  const user = await Parse.User.logIn(ada.user.getUsername(), shop.password);
  assert.equal(user.id, ada.user.id);
  assert.equal(user.get("address"), "12 Analytical Row");
  const token = user.getSessionToken();
  await Parse.User.logOut();
  assert.equal(Parse.User.current(), null);
  await refused(Parse.Error.INVALID_SESSION_TOKEN, Parse.User.me(token), "Invalid session token");
});

test("a visitor has no cart", async () => {
  const cart = make("Cart", { user: ada.user, items: [], total: 0 });
  await refused(Parse.Error.OBJECT_NOT_FOUND, cart.save());
});

test("a customer adds to the cart", async () => {
  cart = make("Cart", { user: ada.user, items: [{ sku: blueMug, quantity: 1 }], total: 12.5 });
  cart.setACL(shop.onlyFor(ada.user));
  await cart.save(null, ada.as);
  await cart.save({ items: [{ sku: blueMug, quantity: 2 }], total: 25 }, ada.as);
  const found = await new Parse.Query("Cart").equalTo("user", ada.user).include("items.sku").first(ada.as);
  assert.equal(found.id, cart.id);
  assert.equal(found.get("items")[0].quantity, 2);
  assert.equal(found.get("items")[0].sku.get("variation"), "blue");
});

test("a customer places an order", async () => {
  order = make("Order", {
    user: ada.user,
    products: [{ sku: blueMug, quantity: 2 }],
    total: 25,
    status: "pending",
  });
  const acl = new Parse.ACL();
  acl.setReadAccess(ada.user, true);
  acl.setRoleReadAccess("staff", true);
  acl.setRoleWriteAccess("staff", true);
  order.setACL(acl);
  await order.save(null, ada.as);
  assert.equal(order.existed(), false);
  assert.equal(order.get("status"), "pending");
});

test("a customer sees the own orders with what was bought", async () => {
  const orders = await new Parse.Query("Order").include("products.sku.product").find(ada.as);
  assert.deepEqual(shop.ids(orders), [order.id]);
  const [bought] = orders[0].get("products");
  assert.equal(bought.sku.get("product").get("name"), `${line} mug`);
  assert.equal(orders[0].get("user").id, ada.user.id);
});

test("another customer finds neither that order nor that cart", async () => {
  for (const className of ["Order", "Cart"]) {
    const query = new Parse.Query(className).equalTo("user", ada.user);
    assert.deepEqual(await query.find(bob.as), []);
    assert.equal(await query.first(bob.as), undefined);
    assert.equal(await query.count(bob.as), 0);
  }
});

test("another customer is refused that order and that cart by id", async () => {
  for (const object of [order, cart]) {
    const get = new Parse.Query(object.className).get(object.id, bob.as);
    await refused(Parse.Error.OBJECT_NOT_FOUND, get, "Object not found.");
    const copy = make(object.className).set("total", 0);
    copy.id = object.id;
    await shop.denied(copy.save(null, bob.as));
    await shop.denied(copy.destroy(bob.as));
    await object.fetch(ada.as);
    assert.equal(object.get("total"), 25);
  }
});

test("a visitor is refused that order and that cart", async () => {
  for (const object of [order, cart]) {
    const get = new Parse.Query(object.className).get(object.id);
    await refused(Parse.Error.OBJECT_NOT_FOUND, get, "Object not found.");
  }
});

test("a customer is refused writing the catalogue", async () => {
  const forgery = make("Product", { name: "gold bar", price: 0.01 });
  await refused(Parse.Error.OPERATION_FORBIDDEN, forgery.save(null, ada.as), "Permission denied");
  const sku = make("SKU", { product: mug, variation: "gold", stock: 1 });
  await refused(Parse.Error.OPERATION_FORBIDDEN, sku.save(null, ada.as), "Permission denied");
  await refused(Parse.Error.OPERATION_FORBIDDEN, make("Product", { name: "x", price: 1 }).save());
});

test("a customer is refused changing or removing what is on sale", async () => {
  for (const [object, field] of [[mug, "price"], [blueMug, "stock"]]) {
    const copy = make(object.className).set(field, 0);
    copy.id = object.id;
    await shop.denied(copy.save(null, ada.as));
    await shop.denied(copy.destroy(ada.as));
  }
  assert.equal((await new Parse.Query("Product").get(mug.id)).get("price"), 12.5);
});

test("staff see the order and move it on", async () => {
  const found = await new Parse.Query("Order").include("user").get(order.id, staff.as);
  for (const status of ["paid", "shipped", "delivered"]) {
    await found.save({ status }, staff.as);
  }
  await order.fetch(ada.as);
  assert.equal(order.get("status"), "delivered");
});

test("staff take stock with a counter that never loses a sale", async () => {
  await Promise.all([1, 2, 3].map(() => {
    const sku = make("SKU");
    sku.id = blueMug.id;
    return sku.increment("stock", -1).save(null, staff.as);
  }));
  assert.equal((await blueMug.fetch()).get("stock"), 4);
});

test("an order without a total is refused by name", async () => {
  const incomplete = make("Order", { user: ada.user, products: [{ sku: blueMug, quantity: 1 }], status: "pending" });
  await refused(Parse.Error.VALIDATION_ERROR, incomplete.save(null, ada.as), "total is required");
});

test("a price that is no number is refused", async () => {
  const product = make("Product", { name: "tray", price: "cheap" });
  await refused(
    Parse.Error.INCORRECT_TYPE,
    product.save(null, staff.as),
    "schema mismatch for Product.price; expected Number but got String",
  );
});

test("a customer cannot invent a column", async () => {
  const odd = make("Cart", { user: bob.user, items: [], total: 0, coupon: "FREE" });
  await refused(Parse.Error.OPERATION_FORBIDDEN, odd.save(null, bob.as));
});

test("a customer empties and leaves the cart", async () => {
  await cart.save({ items: [], total: 0 }, ada.as);
  await cart.destroy(ada.as);
  await refused(Parse.Error.OBJECT_NOT_FOUND, cart.fetch(ada.as), "Object not found.");
});
