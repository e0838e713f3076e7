// The global config, analytics, and requests that carry an id, through the SDK's own classes.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as shop from "./shop.mjs";

const { Parse, fresh, make, master, refused } = shop;
const rest = Parse.CoreManager.getRESTController();
const asMaster = (method, path, body = {}) => rest.request(method, path, body, master);

/** A parameter's name that no other run has used. */
const named = (what) => fresh(what);

test("a parameter that the master key saves is read by everybody", async () => {
  const name = named("greeting");
  await Parse.Config.save({ [name]: "hello" }, {});
  assert.equal((await Parse.Config.get()).get(name), "hello");
  assert.equal(Parse.Config.current().get(name), "hello");
});

test("every kind of value comes back as it was", async () => {
  const values = {
    number: 2.5,
    truth: true,
    list: [1, "a", { b: [2] }],
    object: { a: { b: 1 } },
    date: new Date("2026-11-27T08:30:15.123Z"),
    place: new Parse.GeoPoint(40, -30),
  };
  const prefix = named("value");
  const renamed = Object.fromEntries(Object.entries(values).map(([k, v]) => [`${prefix}_${k}`, v]));
  await Parse.Config.save(renamed, {});
  const config = await Parse.Config.get();
  for (const [name, value] of Object.entries(values)) {
    const found = config.get(`${prefix}_${name}`);
    if (value instanceof Parse.GeoPoint) assert.ok(found.equals(value));
    else assert.deepEqual(found, value);
  }
});

test("a pointer in the config is an object", async () => {
  const name = named("pointer");
  const row = make("Product");
  row.id = "abcdefghij";
  await asMaster("PUT", "config", { params: { [name]: row.toPointer() } });
  const found = (await Parse.Config.get()).get(name);
  assert.equal(found.className, "Product");
  assert.equal(found.id, "abcdefghij");
});

test("a secret parameter is told to the master key alone", async () => {
  const name = named("margin");
  await Parse.Config.save({ [name]: 0.3 }, { [name]: true });
  assert.equal((await Parse.Config.get()).get(name), undefined);
  assert.equal((await Parse.Config.get(master)).get(name), 0.3);
});

test("a parameter is changed, and deleted, without touching others", async () => {
  const [one, other] = [named("one"), named("other")];
  await Parse.Config.save({ [one]: 1, [other]: { a: 1 } }, {});
  await Parse.Config.save({ [other]: { b: 2 } }, {});
  await asMaster("PUT", "config", { params: { [one]: { __op: "Delete" } } });
  const config = await Parse.Config.get();
  assert.equal(config.get(one), undefined);
  assert.deepEqual(config.get(other), { b: 2 });
});

test("markup in a parameter can be escaped", async () => {
  const name = named("markup");
  await Parse.Config.save({ [name]: "<b>&</b>" }, {});
  assert.equal((await Parse.Config.get()).escape(name), "&lt;b&gt;&amp;&lt;&#x2F;b&gt;");
});

test("a client saves no parameters", async () => {
  const error = await rest.request("PUT", "config", { params: { a: 1 } }, { useMasterKey: false })
    .then(() => assert.fail("it was saved"), (refusal) => refusal);
  assert.equal(error.message, "Permission denied");
});

test("events are taken, with and without dimensions", async () => {
  await Parse.Analytics.track("search", { priceRange: "1000-1500", source: "craigslist" });
  await Parse.Analytics.track("AppOpened", {});
  await rest.request("POST", "events/error", { dimensions: { code: "404" }, at: { __type: "Date", iso: "2026-11-27T00:00:00.000Z" } }, {});
});

test("requests that carry an id are answered", async () => {
  Parse.idempotency = true;
  try {
    const Item = await shop.newClass("Counted", (schema) => schema.addNumber("n"));
    const item = await make(Item, { n: 1 }).save();
    await item.save({ n: 2 });
    assert.equal((await new Parse.Query(Item).get(item.id)).get("n"), 2);
  } finally {
    Parse.idempotency = false;
  }
});

test("the server tells the master key what it can do, and nobody else", async () => {
  const { features, parseServerVersion } = await asMaster("GET", "serverInfo");
  assert.match(parseServerVersion, /^\d+\.\d+\.\d+/);
  assert.equal(features.globalConfig.update, true);
  assert.equal(features.schemas.exportClass, false);
  await assert.rejects(rest.request("GET", "serverInfo", {}, { useMasterKey: false }), /Permission denied/);
});

test("the last log lines are an array", async () => {
  const lines = await asMaster("GET", "scriptlog", { n: 5, level: "info" });
  assert.ok(Array.isArray(lines));
  // Parse Server counts the lines of each of its files.
  assert.ok(shop.onParseServer || lines.length <= 5);
});

test("schedules of jobs are made and deleted", async () => {
  const schedule = { description: fresh("nightly"), params: "{}", repeatMinutes: 60 };
  const { objectId } = await asMaster("POST", "cloud_code/jobs", { job_schedule: schedule });
  const rows = await asMaster("GET", "cloud_code/jobs");
  assert.ok(rows.some((row) => row.objectId === objectId && row.repeatMinutes === 60));
  await asMaster("DELETE", `cloud_code/jobs/${objectId}`);
  assert.ok((await asMaster("GET", "cloud_code/jobs")).every((row) => row.objectId !== objectId));
});

test("a job that is not there can't be scheduled", async () => {
  const refusal = asMaster("POST", "cloud_code/jobs", { job_schedule: { jobName: fresh("nosuch") } });
  await refused(Parse.Error.INTERNAL_SERVER_ERROR, refusal, "Cannot Schedule a job that is not deployed");
});

test("webhooks of functions and triggers are made, listed, changed and removed", async () => {
  const name = named("quote");
  const url = "https://hooks.shop.test/quote";
  await Parse.Hooks.createFunction(name, url);
  assert.equal((await Parse.Hooks.getFunction(name)).url, url);
  await Parse.Hooks.updateFunction(name, `${url}/2`);
  const listed = await Parse.Hooks.getFunctions();
  assert.deepEqual(listed.filter((hook) => hook.functionName === name).map((hook) => hook.url), [`${url}/2`]);
  await Parse.Hooks.removeFunction(name);
  await refused(143, Parse.Hooks.getFunction(name));

  await Parse.Hooks.createTrigger("Product", "afterDelete", url);
  assert.equal((await Parse.Hooks.getTrigger("Product", "afterDelete")).url, url);
  await Parse.Hooks.updateTrigger("Product", "afterDelete", `${url}/2`);
  const triggers = await Parse.Hooks.getTriggers();
  assert.ok(triggers.some((hook) => hook.className === "Product" && hook.url === `${url}/2`));
  await Parse.Hooks.removeTrigger("Product", "afterDelete");
  await refused(143, Parse.Hooks.getTrigger("Product", "afterDelete"));
});

test("the jobs that can be run are listed", async () => {
  const data = await Parse.Cloud.getJobsData();
  assert.deepEqual([data.in_use, data.jobs], [[], []]);
});
