// Pushes and their status through the SDK's own class; audiences as a dashboard asks for them.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as shop from "./shop.mjs";

const { Parse, customer, fresh, master, refused } = shop;
const rest = Parse.CoreManager.getRESTController();
const asMaster = (method, path, body = {}) => rest.request(method, path, body, master);

/** A device that listens to a channel of its own. */
async function device(fields = {}) {
  const channel = fresh("channel");
  const installation = new Parse.Installation({
    deviceType: "ios",
    deviceToken: fresh("token"),
    installationId: fresh("device").toLowerCase(),
    channels: [channel],
    ...fields,
  });
  await installation.save(null, master);
  return { channel, installation };
}

/** The status of a push that is over. */
async function over(id) {
  for (;;) {
    const status = await Parse.Push.getPushStatus(id, master);
    if (["succeeded", "failed"].includes(status.get("status"))) return status;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test("a push to a channel answers the id of its status, which tells how it went", async () => {
  const { channel } = await device();
  const id = await Parse.Push.send({ channels: [channel], data: { alert: "Hello" } }, master);
  const status = await over(id);
  assert.equal(status.get("status"), "succeeded");
  assert.equal(status.get("numSent"), 1);
  assert.deepEqual(status.get("sentPerType"), { ios: 1 });
  assert.deepEqual(JSON.parse(status.get("payload")), { alert: "Hello" });
});

test("a query says who is meant", async () => {
  const { channel } = await device();
  const where = new Parse.Query(Parse.Installation).equalTo("channels", channel);
  const id = await Parse.Push.send({ where, data: { alert: "Hello" } }, master);
  const status = await over(id);
  assert.equal(status.get("numSent"), 1);
  assert.deepEqual(JSON.parse(status.get("query")), { channels: channel });
});

test("a push for later is scheduled", async () => {
  const push_time = new Date("2100-01-01T09:00:00Z");
  const id = await Parse.Push.send({ where: {}, push_time, data: { alert: "Later" } }, master);
  const status = await Parse.Push.getPushStatus(id, master);
  assert.equal(status.get("status"), "scheduled");
  assert.equal(status.get("pushTime"), push_time.toISOString());
});

test("a badge is raised on the device's installation", async () => {
  const { channel, installation } = await device({ badge: 2 });
  const data = { alert: "Hello", badge: "Increment" };
  await over(await Parse.Push.send({ channels: [channel], data }, master));
  const found = await new Parse.Query(Parse.Installation).get(installation.id, master);
  assert.equal(found.get("badge"), 3);
});

test("a push to channels and a query at once is refused", async () => {
  const both = { channels: ["a"], where: {}, data: {} };
  await refused(115, Parse.Push.send(both, master));
});

test("a customer sees no status", async () => {
  const { as } = await customer();
  const id = await Parse.Push.send({ channels: [fresh("nobody")], data: {} }, master);
  await refused(119, new Parse.Query("_PushStatus").get(id, as));
});

test("an audience is made, listed, and gone", async () => {
  const name = fresh("audience");
  const query = JSON.stringify({ deviceType: "ios" });
  const { objectId } = await asMaster("POST", "push_audiences", { name, query });
  const { results } = await asMaster("GET", "push_audiences", { where: { name } });
  assert.deepEqual(results.map((row) => [row.objectId, row.query]), [
    [objectId, { deviceType: "ios" }],
  ]);
  await asMaster("DELETE", `push_audiences/${objectId}`);
  await refused(101, asMaster("GET", `push_audiences/${objectId}`));
});
