// The shopping template: pictures, discount codes and flash sales, as a storefront would write it.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import * as shop from "./shop.mjs";

const { Parse, make, refused } = shop;
const line = shop.fresh("Lamp");
const hour = 3600 * 1000;
let staff, ada, bob, lamp, candle, code, sale, cart;

// Carts have a total only where the e-commerce template is loaded beside this one.
async function cartOf(user, items, total) {
  const { fields } = await new Parse.Schema("Cart").get();
  const fresh = make("Cart", { user, items, ...("total" in fields && { total }) });
  fresh.setACL(shop.onlyFor(user));
  return fresh;
}

before(async () => {
  staff = await shop.member("staff");
  ada = await shop.customer();
  bob = await shop.customer();
});

test("a new customer has the role customer, for show", async () => {
  await ada.user.fetch(ada.as);
  assert.equal(ada.user.get("role"), "customer");
});

test("staff fill the catalogue with pictures", async () => {
  lamp = make("Product", { name: `${line} lamp`, price: 40, imageUrl: "https://img.example.com/lamp.jpg" });
  candle = make("Product", { name: `${line} candle`, price: 3.5 });
  await Parse.Object.saveAll([lamp, candle], staff.as);
  assert.ok(lamp.id && candle.id);
});

test("a visitor browses products and their pictures, dearest first", async () => {
  const products = await new Parse.Query("Product").startsWith("name", line).descending("price").find();
  assert.deepEqual(shop.values(products, "name"), [`${line} lamp`, `${line} candle`]);
  assert.equal(products[0].get("imageUrl"), "https://img.example.com/lamp.jpg");
  assert.equal(products[1].has("imageUrl"), false);
});

test("staff start a flash sale", async () => {
  const now = Date.now();
  sale = make("FlashSale", {
    product: lamp,
    discountPrice: 25,
    startTime: new Date(now - hour),
    endTime: new Date(now + hour),
  });
  const tomorrow = make("FlashSale", {
    product: candle,
    discountPrice: 2,
    startTime: new Date(now + 24 * hour),
    endTime: new Date(now + 25 * hour),
  });
  await Parse.Object.saveAll([sale, tomorrow], staff.as);
  assert.ok(sale.id && tomorrow.id);
});

test("a visitor sees the sales of this moment with their product", async () => {
  const now = new Date();
  const live = await new Parse.Query("FlashSale")
    .lessThanOrEqualTo("startTime", now)
    .greaterThan("endTime", now)
    .containedIn("product", [lamp, candle])
    .include("product")
    .find();
  assert.deepEqual(shop.ids(live), [sale.id]);
  assert.equal(live[0].get("product").get("name"), `${line} lamp`);
  assert.ok(live[0].get("endTime") > now);
});

test("a visitor lists the sales of some products", async () => {
  const sales = await new Parse.Query("FlashSale")
    .matchesQuery("product", new Parse.Query("Product").startsWith("name", line))
    .ascending("startTime")
    .find();
  assert.deepEqual(shop.values(sales, "discountPrice"), [25, 2]);
});

test("staff make a discount code", async () => {
  code = make("DiscountCode", {
    code: shop.fresh("SPRING").toUpperCase().replace("_", "-"),
    percentage: 15,
    validUntil: new Date(Date.now() + 24 * hour),
  });
  await code.save(null, staff.as);
  const found = await new Parse.Query("DiscountCode").equalTo("code", code.get("code")).first(staff.as);
  assert.equal(found.id, code.id);
  assert.ok(found.get("validUntil") > new Date());
});

test("a shopper neither lists nor opens a discount code", async () => {
  for (const as of [ada.as, {}]) {
    await shop.hidden(new Parse.Query("DiscountCode").find(as));
    await shop.hidden(new Parse.Query("DiscountCode").equalTo("code", code.get("code")).find(as));
    await shop.denied(new Parse.Query("DiscountCode").get(code.id, as));
  }
});

test("a shopper is refused making a discount code or a sale", async () => {
  const coupon = make("DiscountCode", { code: "FREE-FOR-ME", percentage: 100, validUntil: new Date() });
  await refused(Parse.Error.OPERATION_FORBIDDEN, coupon.save(null, ada.as));
  const bargain = make("FlashSale", {
    product: lamp, discountPrice: 0, startTime: new Date(), endTime: new Date(Date.now() + hour),
  });
  await refused(Parse.Error.OPERATION_FORBIDDEN, bargain.save(null, ada.as));
});

test("a shopper is refused changing the catalogue", async () => {
  const product = make("Product", { name: "free lamp", price: 0 });
  await refused(Parse.Error.OPERATION_FORBIDDEN, product.save(null, ada.as));
  const copy = make("Product");
  copy.id = lamp.id;
  await shop.denied(copy.save({ price: 0 }, ada.as));
  await shop.denied(copy.destroy(ada.as));
  assert.equal((await new Parse.Query("Product").get(lamp.id)).get("price"), 40);
});

test("a shopper fills a cart", async () => {
  cart = await cartOf(ada.user, [{ product: lamp, quantity: 1 }], 25);
  await cart.save(null, ada.as);
  cart.add("items", { product: candle, quantity: 4 });
  await cart.save(null, ada.as);
  const found = await new Parse.Query("Cart").include("items.product").get(cart.id, ada.as);
  const names = found.get("items").map(({ product, quantity }) => `${quantity} ${product.get("name")}`);
  assert.deepEqual(names, [`1 ${line} lamp`, `4 ${line} candle`]);
});

test("another shopper finds nothing of it", async () => {
  await refused(
    Parse.Error.OBJECT_NOT_FOUND,
    new Parse.Query("Cart").get(cart.id, bob.as),
    "Object not found.",
  );
  assert.deepEqual(await new Parse.Query("Cart").find(bob.as), []);
  assert.deepEqual(await new Parse.Query("Cart").find(), []);
});

test("a cart without items is refused by name", async () => {
  const empty = await cartOf(bob.user, [], 0);
  empty.unset("items");
  await refused(Parse.Error.VALIDATION_ERROR, empty.save(null, bob.as), "items is required");
});

test("an end that is no date is refused", async () => {
  sale.set("endTime", "tomorrow");
  await refused(
    Parse.Error.INCORRECT_TYPE,
    sale.save(null, staff.as),
    "schema mismatch for FlashSale.endTime; expected Date but got String",
  );
  sale.revert();
});

test("a shopper logs out and the session is over", async () => {
  const user = await Parse.User.become(ada.as.sessionToken);
  assert.equal(user.id, ada.user.id);
  await Parse.User.logOut();
  await refused(Parse.Error.INVALID_SESSION_TOKEN, cart.fetch(ada.as), "Invalid session token");
});
