// Users, roles, and who may do what: class-level permissions, protected fields, single rows.
import assert from "node:assert/strict";
import { ANYBODY, answer, ask, beginRow, cell, confirm, dialog, load, menu, open, page, rows, saveRow, shown, test, write } from "./dashboard.mjs";

const signIn = (password) => ask("POST", "login", { username: "anna", password }, ANYBODY);
const asAnna = () => ({ "X-Parse-Session-Token": anna.sessionToken });
let anna;

test("a user is created, and can sign in", async () => {
  await open("browser/_User");
  await shown("No data to display");
  await beginRow({ username: "anna", email: "anna@example.com", password: "secret-1" });
  await saveRow("users");
  await shown("anna@example.com");
  anna = await signIn("secret-1");
  assert.match(anna.sessionToken, /^r:/);
});

test("a user is given another password, and must sign in again", async () => {
  const row = rows().filter({ hasText: "anna@example.com" });
  await answer("PUT", `classes/_User/${anna.objectId}`, () => write(row, "password", "secret-2"));
  assert.equal((await ask("GET", "users/me", undefined, asAnna())).code, 209);
  anna = await signIn("secret-2");
  assert.match(anna.sessionToken, /^r:/);
});

test("a role is created", async () => {
  await open("browser/_Role");
  await shown("staff");
  await beginRow({ name: "packers" });
  await (await cell(rows().first(), "ACL")).dblclick();
  await dialog().getByText("Write", { exact: true }).nth(1).click();
  await confirm("Save ACL");
  const { objectId } = await saveRow("classes/_Role");
  await shown(objectId);
  const { results } = await ask("GET", 'roles?where={"name":"packers"}');
  assert.deepEqual(results.map((role) => role.ACL), [{ "*": { read: true } }]);
});

test("a user is put into a role", async () => {
  const users = await cell(rows().filter({ hasText: "packers" }), "users");
  await users.locator("a").click();
  await page.waitForURL("**/users");
  await page.getByText("Attach existing rows from _User").click();
  await dialog().getByRole("textbox").fill(anna.objectId);
  await answer("PUT", "classes/_Role/", () => confirm("Attach"));
  await shown("anna@example.com");
});

test("a class is closed to everybody but a role", async () => {
  await ask("POST", "schemas/Parcel", { className: "Parcel", fields: { label: { type: "String" } } });
  await load("browser/Parcel");
  await shown("No data to display");
  await menu("Security", "Class Level Permissions");
  const box = dialog().getByRole("combobox");
  await box.fill("role:packers");
  await box.press("Enter");
  await dialog().getByRole("link", { name: "packers" }).waitFor();
  await dialog().getByText("Read", { exact: true }).nth(1).click();
  await dialog().getByText("Write", { exact: true }).nth(1).click();
  await dialog().getByText("Add field", { exact: true }).first().click();
  await answer("PUT", "schemas/Parcel", () => confirm("Save CLP"));
  assert.equal((await ask("POST", "classes/Parcel", { label: "no" }, ANYBODY)).code, 119);
  assert.equal((await ask("GET", "classes/Parcel", undefined, ANYBODY)).code, 119);
  assert.match((await ask("POST", "classes/Parcel", { label: "yes" }, asAnna())).objectId, /^\w{10}$/);
});

test("a column is hidden from everybody", async () => {
  await load("browser/Parcel");
  await shown("yes");
  await menu("Security", "Protected Fields");
  await dialog().getByText("All fields allowed").click();
  await page.locator('[value="label"]').click();
  await dialog().getByText("Edit Protected Fields").click();
  await answer("PUT", "schemas/Parcel", () => confirm("Save"));
  const { results } = await ask("GET", "classes/Parcel", undefined, asAnna());
  assert.deepEqual(results.map((row) => row.label), [undefined]);
});

test("a row is closed by its access control list", async () => {
  await open("browser/Parcel");
  const place = await cell(rows().filter({ hasText: "yes" }), "ACL");
  await place.dblclick();
  await dialog().getByText("Read", { exact: true }).nth(1).click();
  await dialog().getByText("Write", { exact: true }).nth(1).click();
  await answer("PUT", "classes/Parcel/", () => confirm("Save ACL"));
  assert.deepEqual((await ask("GET", "classes/Parcel", undefined, asAnna())).results, []);
});

test("a session is ended by deleting its row", async () => {
  await open("browser/_Session");
  await rows().first().waitFor();
  await rows().first().locator("input").check();
  await menu("Edit", "Delete this row");
  await answer("POST", "batch", () => confirm("Delete"));
  assert.equal((await ask("GET", "users/me", undefined, asAnna())).code, 209);
});
