// The data browser: classes, columns, rows, cells, filters.
import assert from "node:assert/strict";
import { before } from "node:test";
import { answer, ask, beginRow, cell, choose, confirm, dialog, expect, load, menu, open, page, rows, saveRow, shown, test, write } from "./dashboard.mjs";

before(async () => {
  await ask("POST", "classes/Product", { name: "Apron", price: 20 });
  await ask("POST", "classes/Product", { name: "Basket", price: 35 });
});

const stars = async () => (await ask("GET", "classes/Wish?order=stars")).results.map((row) => row.stars);

test("the classes of the template are listed, with their rows", async () => {
  await open("browser/Product");
  for (const name of ["Cart", "Order", "Product", "SKU", "_Role", "_User"]) {
    await page.getByRole("link", { name, exact: true }).waitFor();
  }
  await shown("Apron");
  await shown("Basket");
  assert.equal(await rows().count(), 2);
});

test("a hook refuses a cell's new value, and says why", async () => {
  const apron = rows().filter({ hasText: "Apron" });
  const refused = await answer("PUT", "classes/Product/", () => write(apron, "price", "-1"));
  assert.equal(refused.code, 142);
  await shown("The price is below zero.", { exact: false });
  expect(/^400 .*\/classes\/Product\//);
  const { results } = await ask("GET", 'classes/Product?where={"name":"Apron"}');
  assert.equal(results[0].price, 20);
});

test("a class is created", async () => {
  await page.getByText("Create a class").click();
  await dialog().getByPlaceholder("Give it a good name").fill("Wish");
  await answer("POST", "schemas/Wish", () => confirm("Create"));
  await page.waitForURL("**/browser/Wish");
  await shown("No data to display");
  assert.equal((await ask("GET", "schemas/Wish")).className, "Wish");
});

test("columns are created: of text, and of numbers with a default", async () => {
  await page.getByText("Add a new column").click();
  await dialog().getByPlaceholder("Give it a good name").fill("note");
  await answer("PUT", "schemas/Wish", () => confirm("Add"));
  await page.getByText("Add a new column").click();
  await choose("Number");
  await dialog().getByPlaceholder("Give it a good name").fill("stars");
  await dialog().getByPlaceholder("Set a default value here").fill("1");
  await answer("PUT", "schemas/Wish", () => confirm("Add"));
  const { fields } = await ask("GET", "schemas/Wish");
  assert.equal(fields.note.type, "String");
  assert.equal(fields.stars.type, "Number");
  assert.equal(fields.stars.defaultValue, 1);
});

test("rows are created, and have the default", async () => {
  await page.reload();
  await shown("No data to display");
  await beginRow({ note: "a red one", stars: "3" });
  const { objectId } = await saveRow("classes/Wish");
  await shown(objectId);
  await beginRow({ note: "a blue one" });
  await saveRow("classes/Wish");
  await shown("2 objects", { exact: false });
  assert.deepEqual(await stars(), [1, 3]);
});

test("a cell is edited", async () => {
  const red = rows().filter({ hasText: "a red one" });
  await answer("PUT", "classes/Wish/", () => write(red, "stars", "5"));
  await (await cell(red, "stars")).getByText("5").waitFor();
  assert.deepEqual(await stars(), [1, 5]);
});

/** Choose the rows of Wish whose stars are so. */
async function filterStars(condition) {
  await page.getByText("Filter", { exact: true }).click();
  const filter = page.locator("#browserFilterPopover");
  const field = filter.getByRole("combobox").nth(1);
  await field.click();
  await field.fill("stars");
  await page.locator('[data-popover-type="inner"] li').getByText("stars", { exact: true }).click();
  await filter.getByText("exists", { exact: true }).click();
  await page.locator(".chromeDropdown").getByText(condition, { exact: true }).click();
  return filter;
}

test("the distinct values of a column are told", async () => {
  const filter = await filterStars("unique");
  await answer("GET", "aggregate/Wish", () => filter.getByRole("button", { name: "Apply" }).click());
  await page.getByText("a red one").waitFor({ state: "detached" });
  assert.deepEqual((await rows().allInnerTexts()).map(Number).sort(), [1, 5]);
});

test("a class is filtered", async () => {
  await load("browser/Wish");
  await shown("a red one");
  const filter = await filterStars("greater than");
  await filter.locator("input:not([role])").fill("4");
  const found = await answer("GET", "classes/Wish", () => filter.getByRole("button", { name: "Apply" }).click());
  assert.deepEqual(found.results?.map((row) => row.note), ["a red one"]);
  await shown("a red one");
  await page.getByText("a blue one").waitFor({ state: "detached" });
});

test("a row is deleted", async () => {
  await rows().filter({ hasText: "a red one" }).locator("input").check();
  await menu("Edit", "Delete this row");
  await answer("POST", "batch", () => confirm("Delete"));
  await page.getByText("a red one").waitFor({ state: "detached" });
  assert.deepEqual(await stars(), [1]);
});

test("a column is deleted", async () => {
  await load("browser/Wish"); // not by the filter of before
  await shown("a blue one");
  await menu("Edit", "Delete a column");
  await choose("note");
  await answer("PUT", "schemas/Wish", () => confirm("Remove"));
  await page.getByText("a blue one").waitFor({ state: "detached" });
  assert.equal((await ask("GET", "schemas/Wish")).fields.note, undefined);
});

test("all rows of a class are deleted", async () => {
  await menu("Edit", "Delete all rows");
  await dialog().getByRole("textbox").fill("delete all");
  await answer("DELETE", "purge/Wish", () => confirm("Delete"));
  assert.deepEqual(await stars(), []);
});

test("a class is deleted", async () => {
  await menu("Edit", "Delete this class");
  await dialog().getByPlaceholder("Current class name").fill("Wish");
  await answer("DELETE", "schemas/Wish", () => confirm("Delete"));
  await page.getByRole("link", { name: "Wish", exact: true }).waitFor({ state: "detached" });
  assert.equal((await ask("GET", "schemas/Wish")).code, 103);
});

test("every type of value is shown", async () => {
  const types = { place: "GeoPoint", when: "Date", facts: "Object", many: "Array", fresh: "Boolean", paper: "File" };
  const fields = Object.fromEntries(Object.entries(types).map(([name, type]) => [name, { type }]));
  await ask("POST", "schemas/Sheet", { className: "Sheet", fields });
  await ask("POST", "classes/Sheet", {
    place: { __type: "GeoPoint", latitude: 48.1, longitude: 11.5 },
    when: { __type: "Date", iso: "2026-01-02T03:04:05.678Z" },
    facts: { size: 4 },
    many: [1, "two"],
    fresh: true,
  });
  await load("browser/Sheet");
  for (const text of ["(48.1, 11.5)", /^2 Jan 2026/, '{"size":4}', '[1,"two"]', "True"]) await shown(text);
});

test("a file is uploaded into a cell", async () => {
  await (await cell(rows().first(), "paper")).dblclick();
  const file = { name: "paper.txt", mimeType: "text/plain", buffer: Buffer.from("hello") };
  await answer("PUT", "classes/Sheet/", () => page.locator('input[type="file"]').setInputFiles(file));
  await shown("paper.txt");
  const { paper } = (await ask("GET", "classes/Sheet")).results[0];
  if (process.env.SHOP_SERVER !== "peer") assert.equal(await (await fetch(paper.url)).text(), "hello");
});
