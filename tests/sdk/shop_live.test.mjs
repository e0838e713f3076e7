// The shop, followed live under its real rules: orders step by step, flash sales, stock, carts.
import assert from "node:assert/strict";
import test, { after } from "node:test";
import { Parse, customer, fresh, make, master, member } from "./shop.mjs";

const client = new Parse.LiveQueryClient({
  applicationId: process.env.SHOP_APP_ID,
  serverURL: process.env.SHOP_URL.replace("http", "ws"),
});
client.open();
after(() => client.close());

const mug = (price = 10.5) => make("Product", { name: fresh("Mug"), price }).save(null, master);
const hours = (count) => new Date(Date.now() + count * 3_600_000);

async function sku(stock) {
  return make("SKU", { product: await mug(), variation: "blue", stock }).save(null, master);
}

/** What somebody hears of a query: `next()` gives one event, `only()` those after which `last` comes. */
async function follow(query, as = {}) {
  const subscription = client.subscribe(query, as.sessionToken);
  await subscription.subscribePromise;
  const [seen, waiting] = [[], []];
  for (const name of ["create", "enter", "update", "leave", "delete"]) {
    subscription.on(name, (object, original) => {
      const event = { name, id: object.id, object, original };
      if (waiting.length) waiting.shift()(event);
      else seen.push(event);
    });
  }
  const next = () => new Promise((done, late) => {
    if (seen.length) return done(seen.shift());
    const timer = setTimeout(() => late(new Error("no event came")), 10_000);
    waiting.push((event) => { clearTimeout(timer); done(event); });
  });
  return { next, seen };
}

const order = (as, ...products) => make("Order", { products }).save(null, as);

test("O10 a customer sees each step of his order, another customer sees nothing of it", async () => {
  const [ann, bob, staff, item] = [await customer(), await customer(), await member("staff"), await sku(5)];
  const [hers, his] = [await follow(new Parse.Query("Order"), ann.as), await follow(new Parse.Query("Order"), bob.as)];
  const placed = await order(ann.as, item);
  for (const status of ["paid", "shipped"]) {
    const theirs = await new Parse.Query("Order").get(placed.id, staff.as);
    await theirs.save({ status }, staff.as);
  }
  const events = [await hers.next(), await hers.next(), await hers.next()];
  assert.deepEqual(events.map(({ name }) => name), ["create", "update", "update"]);
  assert.deepEqual(events.map(({ object }) => object.get("status")), ["pending", "paid", "shipped"]);
  assert.deepEqual(events.slice(1).map(({ original }) => original.get("status")), ["pending", "paid"]);
  const own = await order(bob.as, item);
  assert.equal((await his.next()).id, own.id);
  assert.deepEqual([hers.seen.length, his.seen.length], [0, 0]);
});

test("who waits for shipped orders hears of his own when it is shipped, and not before", async () => {
  const { user, as } = await customer();
  const shipped = new Parse.Query("Order").equalTo("user", user).equalTo("status", "shipped");
  const { next, seen } = await follow(shipped, as);
  const placed = await order(as, await sku(1));
  for (const status of ["paid", "shipped", "delivered"]) await placed.save({ status }, master);
  assert.deepEqual([(await next()).name, (await next()).name, seen.length], ["enter", "leave", 0]);
});

test("the staff sees everybody's orders, a visitor none", async () => {
  const [ann, staff, item] = [await customer(), await member("staff"), await sku(2)];
  const orders = () => new Parse.Query("Order").equalTo("user", ann.user);
  const [theirs, visitors] = [await follow(orders(), staff.as), await follow(orders())];
  const placed = await order(ann.as, item);
  const { name, id } = await theirs.next();
  assert.deepEqual([name, id, visitors.seen.length], ["create", placed.id, 0]);
});

test("a flash sale starts and shoppers see it, signed in or not", async () => {
  const [product, shopper] = [await mug(10), await customer()];
  const sales = () => new Parse.Query("FlashSale").equalTo("product", product).equalTo("active", true);
  const listeners = [await follow(sales(), shopper.as), await follow(sales())];
  const fields = { product, discountPrice: 4, startTime: hours(1), endTime: hours(2) };
  const sale = await make("FlashSale", fields).save(null, master);
  await sale.save({ startTime: hours(-1) }, master);
  for (const { next, seen } of listeners) {
    const { name, object } = await next();
    assert.deepEqual([name, object.id, object.get("discountPrice"), seen.length], ["enter", sale.id, 4, 0]);
  }
  await sale.save({ endTime: hours(-0.5) }, master);
  for (const { next } of listeners) assert.equal((await next()).name, "leave");
});

test("a sale whose time has come starts by the job, once", async () => {
  const product = await mug(10);
  const { next, seen } = await follow(new Parse.Query("FlashSale").equalTo("product", product).equalTo("active", true));
  const startTime = new Date(Date.now() + 1000);
  const fields = { product, discountPrice: 4, startTime, endTime: hours(1) };
  const sale = await make("FlashSale", fields).save(null, master);
  assert.equal(sale.get("active"), false);
  while (new Date() <= startTime) await new Promise((done) => setTimeout(done, 20));
  await Parse.Cloud.startJob("closeFlashSales", {});
  const { name, id } = await next();
  assert.deepEqual([name, id, seen.length], ["enter", sale.id, 0]);
});

test("shoppers see the stock go down with each order", async () => {
  const [{ as }, item] = [await customer(), await sku(3)];
  const { next } = await follow(new Parse.Query("SKU").equalTo("objectId", item.id));
  for (const left of [2, 1, 0]) {
    await order(as, item);
    assert.equal((await next()).object.get("stock"), left);
  }
});

test("a cart is followed by its owner alone", async () => {
  const [ann, bob, item] = [await customer(), await customer(), await sku(5)];
  const [hers, his] = [await follow(new Parse.Query("Cart"), ann.as), await follow(new Parse.Query("Cart"), bob.as)];
  await make("Cart", { items: [{ sku: item, quantity: 2 }] }).save(null, ann.as);
  assert.equal((await hers.next()).object.get("total"), 21);
  await make("Cart", { items: [{ sku: item, quantity: 1 }] }).save(null, bob.as);
  assert.equal((await his.next()).object.get("total"), 10.5);
  assert.deepEqual([hers.seen.length, his.seen.length], [0, 0]);
});
