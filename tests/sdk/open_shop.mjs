// Gives a running Parse Server, the oracle of these tests, the shop: roles, classes, permissions.
import { readFileSync } from "node:fs";

const { SHOP_URL, SHOP_APP_ID, SHOP_MASTER_KEY } = process.env;

const systemClasses = { User: "_User", Role: "_Role", Session: "_Session", Installation: "_Installation" };
const defaultColumns = ["objectId", "createdAt", "updatedAt", "ACL"];
const userColumns = ["username", "password", "email", "emailVerified", "authData"];

async function asMaster(method, path, body) {
  const answer = await fetch(`${SHOP_URL}/${path}`, {
    method,
    headers: {
      "Content-Type": "application/json",
      "X-Parse-Application-Id": SHOP_APP_ID,
      "X-Parse-Master-Key": SHOP_MASTER_KEY,
    },
    body: JSON.stringify(body),
  });
  const json = await answer.json();
  if (!answer.ok) throw new Error(`${method} ${path}: ${JSON.stringify(json)}`);
  return json;
}

function column({ type, targetClass, required, defaultValue }) {
  return {
    type,
    ...(targetClass && { targetClass: systemClasses[targetClass] ?? targetClass }),
    ...(required && { required }),
    ...(defaultValue !== undefined && { defaultValue }),
  };
}

/** Two permission documents as one: what either grants, and what either protects. */
function union(one, other) {
  if (Array.isArray(one)) return [...new Set([...one, ...other])];
  if (one === null || typeof one !== "object") return other;
  const both = { ...one };
  for (const [key, value] of Object.entries(other)) {
    both[key] = key in one ? union(one[key], value) : value;
  }
  return both;
}

/** The classes under their stored names, without the built-in columns, each class once. */
function classesOf(templates) {
  const merged = new Map();
  for (const { className, fields, classLevelPermissions = {}, indexes = {} } of templates.flatMap((t) => t.classes)) {
    const name = systemClasses[className] ?? className;
    const own = Object.entries(fields).filter(([field]) =>
      !defaultColumns.includes(field) && !(name === "_User" && userColumns.includes(field)));
    const schema = {
      className: name,
      fields: Object.fromEntries(own.map(([field, definition]) => [field, column(definition)])),
      classLevelPermissions,
      indexes,
    };
    merged.set(name, merged.has(name) ? union(merged.get(name), schema) : schema);
  }
  return [...merged.values()];
}

async function makeRoles(roles) {
  const made = {};
  for (const { name } of roles) {
    made[name] ??= (await asMaster("POST", "roles", { name, ACL: {} })).objectId;
  }
  for (const { name, roles: inheritors = [] } of roles) {
    const objects = inheritors.map((inheritor) => ({
      __type: "Pointer", className: "_Role", objectId: made[inheritor],
    }));
    if (objects.length === 0) continue;
    await asMaster("PUT", `roles/${made[name]}`, { roles: { __op: "AddRelation", objects } });
  }
}

const templates = process.argv.slice(2).map((path) => JSON.parse(readFileSync(path)));
await makeRoles(templates.flatMap((template) => template.roles ?? []));
const existing = (await asMaster("GET", "schemas")).results.map(({ className }) => className);
for (const schema of classesOf(templates)) {
  const method = existing.includes(schema.className) ? "PUT" : "POST";
  await asMaster(method, `schemas/${schema.className}`, schema);
}
