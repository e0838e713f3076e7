// The real JavaScript SDK follows orders live: events, rights on the fly, reconnects.
import assert from "node:assert/strict";
import test, { after } from "node:test";
import { Parse, customer, fresh, make, master } from "../sdk/shop.mjs";

const client = new Parse.LiveQueryClient({
  applicationId: process.env.SHOP_APP_ID,
  serverURL: process.env.SHOP_URL.replace("http", "ws"),
});
client.open();
after(async () => {
  await client.close();
  const own = await Parse.CoreManager.getLiveQueryController().getDefaultLiveQueryClient();
  await own.close();
});

/** Collects the events of a subscription; `next` gives them one by one. */
function events(subscription) {
  const seen = [];
  const waiting = [];
  for (const name of ["create", "enter", "update", "leave", "delete"]) {
    subscription.on(name, (object, original) => {
      const event = { name, object, original };
      if (waiting.length) waiting.shift()(event);
      else seen.push(event);
    });
  }
  return {
    seen,
    next: () => new Promise((done, late) => {
      if (seen.length) return done(seen.shift());
      const timer = setTimeout(() => late(new Error("no event came")), 8000);
      waiting.push((event) => { clearTimeout(timer); done(event); });
    }),
  };
}

const pending = () => new Parse.Query("Order").equalTo("status", "pending");

// A subscription's own unsubscribe() goes to the SDK's default client: ours are ended by `client`.
async function subscribed(query, token) {
  const subscription = client.subscribe(query, token);
  await subscription.subscribePromise;
  return subscription;
}

test("an order is created, updated, leaves, enters and is deleted", async () => {
  const shop = fresh("shop");
  const subscription = await subscribed(pending().equalTo("shop", shop));
  const { next } = events(subscription);
  const order = await make("Order", { status: "pending", total: 5, shop }).save(null, master);
  assert.equal((await next()).name, "create");
  await order.save({ total: 6 }, master);
  const update = await next();
  assert.deepEqual([update.name, update.original.get("total"), update.object.get("total")], ["update", 5, 6]);
  await order.save({ status: "paid" }, master);
  assert.equal((await next()).name, "leave");
  await order.save({ status: "pending" }, master);
  assert.equal((await next()).name, "enter");
  await order.destroy(master);
  assert.equal((await next()).name, "delete");
  await client.unsubscribe(subscription);
});

test("query.subscribe() opens the SDK's own client", async () => {
  const shop = fresh("shop");
  const subscription = await new Parse.Query("Order").equalTo("shop", shop).subscribe();
  const { next } = events(subscription);
  await make("Order", { shop }).save(null, master);
  assert.equal((await next()).object.get("shop"), shop);
  await subscription.unsubscribe();
});

test("who has unsubscribed hears nothing more", async () => {
  const shop = fresh("shop");
  const first = await subscribed(new Parse.Query("Order").equalTo("shop", shop));
  const second = await subscribed(new Parse.Query("Order").equalTo("shop", shop));
  const left = events(first);
  await client.unsubscribe(first);
  const { next } = events(second);
  await make("Order", { shop }).save(null, master);
  await next();
  assert.equal(left.seen.length, 0);
  await client.unsubscribe(second);
});

test("two sessions see what each may, while ACLs and roles change", async () => {
  const [ann, bob] = [await customer(), await customer()];
  const shop = fresh("shop");
  const query = () => new Parse.Query("Order").equalTo("shop", shop);
  const hers = events(await subscribed(query(), ann.as.sessionToken));
  const his = events(await subscribed(query(), bob.as.sessionToken));
  const order = make("Order", { shop, status: "pending" });
  order.setACL(new Parse.ACL(ann.user));
  await order.save(null, master);
  assert.equal((await hers.next()).name, "create");
  const acl = new Parse.ACL(ann.user);
  acl.setReadAccess(bob.user, true);
  order.setACL(acl);
  await order.save(null, master);
  assert.equal((await hers.next()).name, "update");
  assert.equal((await his.next()).name, "enter");
  const name = fresh("staff");
  const role = new Parse.Role(name, new Parse.ACL());
  role.getUsers().add(bob.user);
  await role.save(null, master);
  const staff = new Parse.ACL();
  staff.setRoleReadAccess(name, true);
  order.setACL(staff);
  await order.save(null, master);
  assert.equal((await hers.next()).name, "leave");
  assert.equal((await his.next()).name, "update");
  role.getUsers().remove(bob.user);
  await role.save(null, master);
  await order.save({ status: "paid" }, master);
  const open = make("Order", { shop, status: "open" });
  await open.save(null, master);
  assert.equal((await his.next()).object.get("status"), "open");
});

test("a customer sees each step of his order, another sees nothing", async () => {
  const [ann, bob] = [await customer(), await customer()];
  const shop = fresh("shop");
  const query = () => new Parse.Query("Order").equalTo("shop", shop);
  const hers = events(await subscribed(query(), ann.as.sessionToken));
  const his = events(await subscribed(query(), bob.as.sessionToken));
  const order = make("Order", { shop, status: "pending" });
  order.setACL(new Parse.ACL(ann.user));
  await order.save(null, master);
  for (const status of ["paid", "shipped"]) await order.save({ status }, master);
  const steps = [await hers.next(), await hers.next(), await hers.next()];
  assert.deepEqual(steps.map(({ object }) => object.get("status")), ["pending", "paid", "shipped"]);
  await make("Order", { shop, status: "public" }).save(null, master);
  assert.equal((await his.next()).object.get("status"), "public");
});

test("a flash sale starts and shoppers see it", async () => {
  const shop = fresh("shop");
  const sales = new Parse.Query("FlashSale").equalTo("shop", shop).equalTo("active", true);
  const { next } = events(await subscribed(sales));
  const sale = await make("FlashSale", { shop, active: false }).save(null, master);
  await sale.save({ active: true }, master);
  assert.equal((await next()).name, "enter");
});

test("after a lost connection the subscriptions are there again", async () => {
  const shop = fresh("shop");
  const subscription = await subscribed(new Parse.Query("Order").equalTo("shop", shop));
  const { next } = events(subscription);
  // The SDK tells of each acknowledged subscribe a little later: the first one's must be over.
  const opened = () => new Promise((done) => subscription.on("open", done));
  await opened();
  client.socket.close();
  await opened();
  await make("Order", { shop }).save(null, master);
  assert.equal((await next()).name, "create");
});
