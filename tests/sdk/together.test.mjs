// Both templates loaded as one shop: User, Product and Cart have the columns of both.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import * as shop from "./shop.mjs";

const { Parse, make } = shop;
let staff, ada;

before(async () => {
  staff = await shop.member("staff");
  ada = await shop.customer({ address: "12 Analytical Row" });
});

test("the shop has the classes of both templates", async () => {
  const names = (await Parse.Schema.all()).map(({ className }) => className);
  for (const name of ["_User", "Product", "Order", "SKU", "Cart", "DiscountCode", "FlashSale"]) {
    assert.ok(names.includes(name), name);
  }
  assert.equal(names.includes("User"), false);
});

test("a customer has an address and a role", async () => {
  await ada.user.fetch(ada.as);
  assert.equal(ada.user.get("address"), "12 Analytical Row");
  assert.equal(ada.user.get("role"), "customer");
});

test("pointers of both templates lead to the built-in users", async () => {
  for (const name of ["Order", "Cart"]) {
    const { fields } = await new Parse.Schema(name).get();
    assert.equal(fields.user.type, "Pointer");
    assert.equal(fields.user.targetClass, "_User");
  }
});

test("a product has a description, a picture, variations and a sale", async () => {
  const product = make("Product", {
    name: "Teapot", description: "Brown", price: 30, imageUrl: "https://img.example.com/teapot.jpg",
  });
  const sku = make("SKU", { product, variation: "large", stock: 2 });
  const sale = make("FlashSale", {
    product, discountPrice: 20, startTime: new Date(), endTime: new Date(Date.now() + 1000000),
  });
  await product.save(null, staff.as);
  await Parse.Object.saveAll([sku, sale], staff.as);
  const found = await new Parse.Query("SKU").equalTo("product", product).includeAll().first();
  assert.equal(found.get("product").get("imageUrl"), "https://img.example.com/teapot.jpg");
  const sales = await new Parse.Query("FlashSale").equalTo("product", product).find();
  assert.deepEqual(shop.values(sales, "discountPrice"), [20]);
});

test("a customer buys a product on sale", async () => {
  const product = await make("Product", { name: "Kettle", price: 30 }).save(null, staff.as);
  await make("FlashSale", {
    product, discountPrice: 20, startTime: new Date(Date.now() - 1000), endTime: new Date(Date.now() + 1000000),
  }).save(null, staff.as);
  const cart = make("Cart", { user: ada.user, items: [{ product, quantity: 2 }], total: 40 });
  cart.setACL(shop.onlyFor(ada.user));
  await cart.save(null, ada.as);
  const order = make("Order", {
    user: ada.user, products: cart.get("items"), total: cart.get("total"), status: "pending",
  });
  order.setACL(shop.onlyFor(ada.user));
  await order.save(null, ada.as);
  await cart.destroy(ada.as);
  const found = await new Parse.Query("Order").include("products.product").first(ada.as);
  assert.equal(found.get("products")[0].product.get("name"), "Kettle");
  assert.equal(found.get("total"), 40);
  assert.equal(await new Parse.Query("Cart").count(ada.as), 0);
});
