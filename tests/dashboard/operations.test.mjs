// What operators have: config, webhooks, jobs, API console, logs, push.
import assert from "node:assert/strict";
import { ANYBODY, answer, ask, choose, confirm, dialog, expect, load, open, page, shown, test } from "./dashboard.mjs";

const parameters = async (headers) => (await ask("GET", "config", undefined, headers)).params;

test("a parameter of the config is created", async () => {
  await open("config");
  await page.getByText("Create your first parameter").click();
  await dialog().getByPlaceholder("New parameter").fill("freeShippingFrom");
  await choose("Number");
  await dialog().getByRole("textbox").nth(1).fill("50");
  await answer("PUT", "config", () => confirm("Create"));
  await shown("freeShippingFrom");
  assert.deepEqual(await parameters(ANYBODY), { freeShippingFrom: 50 });
});

test("a parameter is changed, and kept from clients", async () => {
  await page.getByText("freeShippingFrom").click();
  await dialog().getByRole("textbox").nth(1).fill("60");
  await dialog().getByText("Yes", { exact: true }).click();
  await answer("PUT", "config", () => confirm("Save"));
  await shown("60");
  assert.deepEqual(await parameters(ANYBODY), {});
  assert.deepEqual(await parameters(), { freeShippingFrom: 60 });
});

test("webhooks are created: of a function, of a trigger", async () => {
  await open("webhooks");
  await page.getByRole("button", { name: "Create a Webhook" }).first().click();
  await dialog().getByPlaceholder("MyWebhook").fill("estimate");
  await dialog().getByRole("textbox").last().fill("https://hooks.example.com/estimate");
  await answer("POST", "hooks/functions", () => confirm("Create"));
  await shown("estimate");
  await page.getByText("Create a Webhook", { exact: true }).last().click();
  await choose("afterSave");
  await choose("Order", 1);
  await dialog().getByRole("textbox").last().fill("https://hooks.example.com/order");
  await answer("POST", "hooks/triggers", () => confirm("Create"));
  await shown("https://hooks.example.com/order");
  assert.deepEqual(await ask("GET", "hooks/triggers"), [
    { className: "Order", triggerName: "afterSave", url: "https://hooks.example.com/order" },
  ]);
});

test("a webhook is changed and deleted", async () => {
  await page.getByText("https://hooks.example.com/order").click();
  await dialog().getByRole("textbox").last().fill("https://hooks.example.com/orders");
  await answer("PUT", "hooks/triggers/Order/afterSave", () => confirm("Save"));
  await shown("https://hooks.example.com/orders");
  await page.getByRole("row", { name: "estimate" }).getByRole("button").click();
  await answer("PUT", "hooks/functions/estimate", () => confirm("Delete"));
  await page.getByText("https://hooks.example.com/estimate").waitFor({ state: "detached" });
  assert.deepEqual(await ask("GET", "hooks/functions"), []);
});

test("the jobs of cloud code are listed, and one is run", async () => {
  await open("jobs/all");
  await shown("countProducts");
  await page.getByRole("button", { name: /^Run/ }).click();
  await answer("POST", "jobs", () => confirm("Run"));
});

test("the status of jobs is told", async () => {
  await load("jobs/status");
  await shown("countProducts");
  await shown("counted");
});

test("a job is scheduled", async () => {
  await open("jobs/new");
  await page.getByPlaceholder("Pick a good name").fill("count every evening");
  await choose("countProducts", 0, page);
  await answer("POST", "cloud_code/jobs", () => page.getByRole("button", { name: "Schedule" }).click());
  await shown("count every evening");
  const [schedule] = await ask("GET", "cloud_code/jobs");
  assert.equal(schedule.jobName, "countProducts");
});

test("the API console asks with the rights that are chosen", async () => {
  await open("api_console/rest");
  await page.getByPlaceholder("classes/_User").fill("hooks/triggers");
  const send = () => page.getByRole("button", { name: "Send Query" }).click();
  await answer("GET", "hooks/triggers", send);
  await shown("Permission denied", { exact: false });
  expect(/^403 .*\/hooks\/triggers/);
  await page.getByText("Use Master Key?").locator("xpath=ancestor::*[3]").locator("span").last().click();
  await answer("GET", "hooks/triggers", send);
  await shown("https://hooks.example.com/orders", { exact: false });
});

test("the log page shows what the start and cloud code have told", async () => {
  await ask("POST", "functions/greet", { name: "Anna" }, ANYBODY);
  await open("logs/info");
  await shown("greeted Anna", { exact: false });
  if (process.env.SHOP_SERVER !== "peer") await shown("role made: staff", { exact: false });
});

test("the page of errors shows where cloud code has failed", async () => {
  assert.equal((await ask("POST", "functions/crash", {}, ANYBODY)).code, 141);
  await open("logs/error");
  await shown("crash", { exact: false });
});

test("the push page shows its form where there is push", async () => {
  const { features } = await ask("GET", "serverInfo");
  const there = features.push.pushAudiences;
  if (!there) expect(/push_audiences/);
  await answer("GET", "push_audiences", () => open("push/new"));
  await shown(there ? "Send a new campaign" : "Feature unavailable");
});

test("a push is sent to everyone from its form", async () => {
  const { features } = await ask("GET", "serverInfo");
  if (!features.push.immediatePush) return; // the peer runs without push
  await ask("POST", "installations", { deviceType: "ios", deviceToken: "a-token" }, ANYBODY);
  await answer("GET", "push_audiences", () => load("push/new"));
  await page.locator('label[for="audience_radio_everyone"]').first().click();
  await page.locator("textarea").first().fill("Fresh mugs");
  await answer("POST", "push", () => page.getByRole("button", { name: "Send push" }).click());
  await shown("Saved!");
  const { results } = await ask("GET", "classes/_PushStatus");
  assert.deepEqual(results.map((status) => JSON.parse(status.payload).alert), ["Fresh mugs"]);
});
