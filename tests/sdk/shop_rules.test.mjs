// The shop's rules as JavaScript clients meet them: each by its name in the specification.
import assert from "node:assert/strict";
import test from "node:test";
import { Parse, customer, fresh, make, master, member, refused, signUp } from "./shop.mjs";

const mug = (fields = {}) => make("Product", { name: fresh("Mug"), price: 10.5, ...fields }).save(null, master);
const call = (name, params = {}, as = {}) => Parse.Cloud.run(name, params, as);
const hours = (count) => new Date(Date.now() + count * 3_600_000);
const line = (sku, quantity = 1) => ({ sku, quantity });
const order = (as, products, fields = {}, options = {}) =>
  make("Order", { products, ...fields }).save(null, { ...as, ...options });

async function sku(stock, price = 10.5) {
  const product = await mug({ price });
  return make("SKU", { product, variation: "blue", stock }).save(null, master);
}

const left = async (item) => (await new Parse.Query("SKU").get(item.id, master)).get("stock");

async function code(percentage = 10) {
  const text = fresh("CODE").replace("_", "-").toUpperCase();
  await make("DiscountCode", { code: text, percentage, validUntil: hours(1) }).save(null, master);
  return text;
}

test("U1 an address must be well-formed, and no one else's", async () => {
  await refused(125, signUp({ email: "nobody@nowhere" }));
  const { user } = await customer();
  await refused(203, signUp({ email: (await new Parse.Query(Parse.User).get(user.id, master)).get("email") }));
});

test("U2 nobody gives himself a role", async () => {
  const { user, as } = await customer();
  await refused(142, user.save({ role: "admin" }, as), /role/);
});

test("U3 a new user is private", async () => {
  const [ann, bob] = [await customer(), await customer()];
  await refused(101, new Parse.Query(Parse.User).get(ann.user.id, bob.as));
});

test("P1 a price has at most two decimals", () => refused(142, mug({ price: 1.999 }), /^price/));

test("P2 a name is not blank", () => refused(142, mug({ name: " " }), /^name/));

test("P3 a product in open orders stays", async () => {
  const { as } = await customer();
  const product = await mug();
  await order(as, [product]);
  await refused(142, product.destroy(master), /open/);
});

test("S1 a stock is an integer of at least 0", async () => {
  const item = await sku(3);
  await refused(142, item.save({ stock: 1.5 }, master), /^stock/);
  item.increment("stock", -4);
  await refused(142, item.save(null, master), /^stock/);
});

test("S2 a SKU needs a product", () =>
  refused(142, make("SKU", { product: Parse.Object.fromJSON({ className: "Product", objectId: "no" }),
    variation: "blue", stock: 1 }).save(null, master), /^product/));

test("S3 a variation is unique within its product", async () => {
  const item = await sku(1);
  const twin = make("SKU", { product: item.get("product"), variation: "blue", stock: 1 });
  await refused(142, twin.save(null, master), /^variation/);
});

test("a shopper writes no products, a seller owns his", async () => {
  const [ann, sid] = [await customer(), await member("seller")];
  await refused(119, make("Product", { name: "Mug", price: 1 }).save(null, ann.as));
  const product = await make("Product", { name: "Mug", price: 1 }).save(null, sid.as);
  await product.save({ price: 2 }, sid.as);
  await refused(101, product.save({ price: 3 }, (await member("seller")).as));
});

test("L1 a quantity is an integer from 1 to 999", async () => {
  const [{ as }, item] = [await customer(), await sku(5)];
  for (const quantity of [0, 1.5, 1000, "2"]) {
    await refused(142, make("Cart", { items: [line(item, quantity)] }).save(null, as), /quantity/);
  }
});

test("L2 every pointer resolves", async () => {
  const { as } = await customer();
  const nothing = Parse.Object.fromJSON({ className: "SKU", objectId: "nothing123" });
  await refused(142, order(as, [nothing]), /no SKU/);
});

test("L3 at most 200 lines", async () => {
  const [{ as }, item] = [await customer(), await sku(5)];
  await refused(142, make("Cart", { items: Array(201).fill(item) }).save(null, as), /200/);
});

test("M1 a cart's total is the server's, an order's must be right", async () => {
  const [{ as }, item] = [await customer(), await sku(9, 3.1)];
  const cart = await make("Cart", { items: [line(item, 3)], total: 1 }).save(null, as);
  assert.equal(cart.get("total"), 9.3);
  await refused(142, order(as, [line(item, 3)], { total: 9 }), /9\.30/);
});

test("C1 C3 a cart is its maker's alone", async () => {
  const [ann, bob, item] = [await customer(), await customer(), await sku(5)];
  const cart = await make("Cart", { items: [item], user: bob.user }).save(null, ann.as);
  assert.equal(cart.get("user").id, ann.user.id);
  await refused(101, new Parse.Query("Cart").get(cart.id, bob.as));
});

test("C2 a second cart is the first one, changed", async () => {
  const [{ as }, item] = [await customer(), await sku(5)];
  const first = await make("Cart", { items: [item] }).save(null, as);
  const second = await make("Cart", { items: [line(item, 2)] }).save(null, as);
  assert.equal(second.id, first.id);
});

test("D1 D2 D3 what is no code is refused, a good one kept in capitals", async () => {
  const good = { code: fresh("sale").replace("_", "-"), percentage: 5, validUntil: hours(1) };
  for (const bad of [{ code: "a b" }, { percentage: 0 }, { percentage: 101 }, { validUntil: hours(-1) }]) {
    await refused(142, make("DiscountCode", { ...good, ...bad }).save(null, master));
  }
  const kept = await make("DiscountCode", good).save(null, master);
  assert.equal(kept.get("code"), good.code.toUpperCase());
  await refused(142, make("DiscountCode", good).save(null, master), /^code/);
});

test("D4 a code is applied, and confirmed with the new total", async () => {
  const [{ as }, item, text] = [await customer(), await sku(5, 20), await code(25)];
  await make("Cart", { items: [item] }).save(null, as);
  const confirmed = await call("applyDiscountCode", { code: text }, as);
  assert.deepEqual([confirmed.applied, confirmed.subtotal, confirmed.discount, confirmed.total], [true, 20, 5, 15]);
  const posted = await make("DiscountCode", { code: text }).save(null, as);
  assert.equal(posted.get("total"), 15);
  assert.equal((await call("removeDiscountCode", {}, as)).total, 20);
});

test("D4 codes can neither be listed nor guessed at speed", async () => {
  const [{ as }, item] = [await customer(), await sku(5)];
  await make("Cart", { items: [item] }).save(null, as);
  await refused(119, new Parse.Query("DiscountCode").find(as));
  for (let tries = 0; tries < 10; tries++) {
    await refused(142, call("applyDiscountCode", { code: "GUESS" }, as), "This code is not valid.");
  }
  await refused(155, call("applyDiscountCode", { code: "GUESS" }, as));
});

test("D5 a code that became invalid is refused at checkout", async () => {
  const [{ as }, item, text] = [await customer(), await sku(5), await code()];
  await make("Cart", { items: [item] }).save(null, as);
  await call("applyDiscountCode", { code: text }, as);
  await (await new Parse.Query("DiscountCode").equalTo("code", text).first(master)).destroy(master);
  await refused(142, call("checkout", {}, as), /invalid/);
});

test("F1 F2 F3 what is no sale is refused", async () => {
  const product = await mug({ price: 10 });
  const good = { product, discountPrice: 5, startTime: hours(1), endTime: hours(2) };
  await make("FlashSale", good).save(null, master);
  for (const bad of [{ endTime: hours(0.5) }, { discountPrice: 10 }, { startTime: hours(1.5) }]) {
    await refused(142, make("FlashSale", { ...good, ...bad }).save(null, master));
  }
});

test("F4 whoever asks sees the live sales, and pays their price", async () => {
  const [{ as }, product] = [await customer(), await mug({ price: 10 })];
  const sale = make("FlashSale", { product, discountPrice: 4, startTime: hours(-1), endTime: hours(1) });
  await sale.save(null, master);
  const live = await call("liveFlashSales");
  assert.ok(live.some((found) => found.id === sale.id && found.get("product").get("price") === 10));
  assert.equal((await order(as, [product])).get("total"), 4);
});

test("O1 an order is the caller's, whoever is named", async () => {
  const [ann, bob, item] = [await customer(), await customer(), await sku(5)];
  const placed = await order(ann.as, [item], { user: bob.user });
  assert.equal(placed.get("user").id, ann.user.id);
});

test("O2 an order is not empty; checkout makes one of the cart", async () => {
  const [{ as }, item] = [await customer(), await sku(5, 8)];
  await refused(142, order(as, []), /not empty/);
  await make("Cart", { items: [line(item, 2)] }).save(null, as);
  const placed = await call("checkout", {}, as);
  assert.deepEqual([placed.get("total"), placed.get("status"), await left(item)], [16, "pending", 3]);
  assert.deepEqual((await new Parse.Query("Cart").first(as)).get("items"), []);
});

test("O3 an order starts pending", async () => {
  const [{ as }, item] = [await customer(), await sku(5)];
  await refused(142, order(as, [item], { status: "paid" }), /^status/);
  assert.equal((await order(as, [item])).get("status"), "pending");
});

test("O4 stock is taken for all lines or for none", async () => {
  const [{ as }, some, few] = [await customer(), await sku(9), await sku(1)];
  await refused(142, order(as, [line(some, 2), line(few, 2)]), /products\[1\].*only 1/);
  assert.deepEqual([await left(some), await left(few)], [9, 1]);
});

test("O5 legal steps only, and a customer may only cancel", async () => {
  const [{ as }, item] = [await customer(), await sku(5)];
  const placed = await order(as, [item]);
  await refused(142, placed.save({ status: "paid" }, as), /^status/);
  placed.revert();
  await refused(142, placed.save({ status: "shipped" }, master), /^status/);
  placed.revert();
  for (const status of ["paid", "shipped", "delivered"]) await placed.save({ status }, master);
});

test("O6 cancelling puts stock back, once", async () => {
  const [{ as }, item] = [await customer(), await sku(5)];
  const placed = await order(as, [line(item, 2)]);
  await placed.save({ status: "cancelled" }, as);
  await placed.save({ status: "cancelled" }, master);
  assert.equal(await left(item), 5);
});

test("O7 the same request makes no second order", async () => {
  const [{ as }, item] = [await customer(), await sku(5)];
  Parse.CoreManager.set("REQUEST_HEADERS", { "X-Parse-Request-Id": fresh("request") });
  try {
    await order(as, [item]);
    await refused(159, order(as, [item]), "Duplicate request");
  } finally {
    Parse.CoreManager.set("REQUEST_HEADERS", {});
  }
  await make("Cart", { items: [item] }).save(null, as);
  const first = await call("checkout", { requestId: "r" }, as);
  assert.equal((await call("checkout", { requestId: "r" }, as)).id, first.id);
});

test("O8 an order's contents never change", async () => {
  const [{ as }, item] = [await customer(), await sku(5)];
  const placed = await order(as, [item]);
  await refused(142, placed.save({ total: 1 }, master), /^total/);
});

test("O9 customers read their own orders, staff all", async () => {
  const [ann, bob, item, staff] = [await customer(), await customer(), await sku(5), await member("staff")];
  const placed = await order(ann.as, [item]);
  assert.equal((await new Parse.Query("Order").find(ann.as)).length, 1);
  assert.deepEqual(await new Parse.Query("Order").find(bob.as), []);
  await placed.save({ status: "paid" }, staff.as);
});

test("a pending order may be deleted by its customer, a paid one not", async () => {
  const [{ as }, item] = [await customer(), await sku(5)];
  const [one, two] = [await order(as, [item]), await order(as, [item])];
  await one.destroy(as);
  await two.save({ status: "paid" }, master);
  await refused(101, two.destroy(as));
  assert.equal(await left(item), 4);
});

test("Y1 without a gateway no payment is made", async () => {
  const [{ as }, item] = [await customer(), await sku(5)];
  const placed = await order(as, [item]);
  await refused(141, call("createPayment", { order: placed.id }, as), /gateway/);
});

test("R1 reports are for the staff", async () => {
  const [{ as }, staff, item] = [await customer(), await member("staff"), await sku(5, 7)];
  await (await order(as, [line(item, 2)])).save({ status: "paid" }, master);
  await refused(142, call("salesReport", {}, as));
  const report = await call("salesReport", {}, staff.as);
  assert.ok(report.byProduct.some((row) => row.units === 2 && row.revenue === 14));
});
