// The Parse JS SDK, pointed at the server under test, and the few words that every test file needs.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { createRequire } from "node:module";
import { join } from "node:path";

const { SHOP_SDK_HOME, SHOP_SDK, SHOP_URL, SHOP_APP_ID, SHOP_MASTER_KEY } = process.env;
const sdk = createRequire(join(SHOP_SDK_HOME, "package.json"));

export const Parse = sdk(`${SHOP_SDK}/node`);
Parse.initialize(SHOP_APP_ID, undefined, SHOP_MASTER_KEY);
Parse.serverURL = SHOP_URL;
Parse.User.enableUnsafeCurrentUser();
// Not five attempts: a server that answers 5xx must show as a failure soon. One more is for a
// connection which the server closes for idleness in the moment that the SDK uses it again.
Parse.CoreManager.set("REQUEST_ATTEMPT_LIMIT", 2);

/** True where the server under test is the oracle, for the few places where it is known to be wrong. */
export const onParseServer = process.env.SHOP_SERVER === "peer";

/** Parse Server destroys the connection of some refusals, now and then before they are read. */
export const cutOff = { skip: onParseServer && "Parse Server cuts the connection of this refusal" };

export const master = { useMasterKey: true };
export const password = "correct horse battery";

/** A name nobody has used yet; each run and each file works beside the others on one database. */
export const fresh = (prefix) => `${prefix}_${randomBytes(5).toString("hex")}`;

/** Unsaved object of a class: make("Product", {name: "Mug"}). */
export const make = (className, fields = {}) => new Parse.Object(className, fields);

/** Sign up somebody new and leave him as the current user. */
export async function signUp(fields = {}) {
  const username = fresh("customer");
  const user = await Parse.User.signUp(username, password, {
    email: `${username}@example.com`,
    ...fields,
  });
  return user;
}

/** Sign up somebody who acts through {sessionToken}; nobody is the current user afterwards. */
export async function customer(fields = {}) {
  // An installation of his own: signing up the next one in this process must not end his session.
  const username = fresh("customer");
  const user = await Parse.User.signUp(
    username,
    password,
    { email: `${username}@example.com`, ...fields },
    { installationId: fresh("device") },
  );
  const as = { sessionToken: user.getSessionToken() };
  await forgetCurrentUser();
  return { user, as };
}

/** Drop the current user on this device without telling the server. */
export async function forgetCurrentUser() {
  await Parse.CoreManager.getUserController().removeUserFromDisk();
}

export async function roleNamed(name) {
  const role = await new Parse.Query(Parse.Role).equalTo("name", name).first(master);
  assert.ok(role, `the shop has the role ${name}`);
  return role;
}

/** Somebody new who holds a role of the shop. */
export async function member(name) {
  const { user, as } = await customer();
  const role = await roleNamed(name);
  role.getUsers().add(user);
  await role.save(null, master);
  return { user, as };
}

/** A new class for one test file; build adds columns to the Parse.Schema. Answers its name. */
export async function newClass(prefix, build = () => {}) {
  const name = fresh(prefix);
  const schema = new Parse.Schema(name);
  schema.setCLP(everybody());
  build(schema);
  await schema.save();
  return name;
}

export function everybody() {
  const all = { "*": true };
  return {
    find: all, get: all, count: all, create: all, update: all, delete: all, addField: all,
    protectedFields: {},
  };
}

/** Access for one user only. */
export const onlyFor = (user) => new Parse.ACL(user);

/** The promise must be refused with this Parse error code (and message, when given). */
export async function refused(code, promise, message) {
  const error = await promise.then(
    (value) => assert.fail(`expected error ${code}, got ${JSON.stringify(value)}`),
    (reason) => reason,
  );
  if (error instanceof assert.AssertionError) throw error;
  assert.equal(error.code, code, `${error.code} ${error.message}`);
  if (message instanceof RegExp) assert.match(error.message, message);
  else if (message !== undefined) assert.equal(error.message, message);
  return error;
}

/** The values of one field, in the order of the results. */
export const values = (objects, field) => objects.map((object) => object.get(field));

/** Object ids, sorted, for comparing sets of objects. */
export const ids = (objects) => objects.map((object) => object.id).sort();

/** A write the caller may not do: class-level refusal, or an object that he cannot see to write. */
export async function denied(promise) {
  const error = await promise.then(
    () => undefined,
    (reason) => reason,
  );
  assert.ok(error, "expected a refusal");
  const refusals = [Parse.Error.OPERATION_FORBIDDEN, Parse.Error.OBJECT_NOT_FOUND];
  assert.ok(refusals.includes(error.code), `${error.code} ${error.message}`);
}

/** A search that shows nothing: refused, or empty. */
export async function hidden(promise) {
  const found = await promise.catch((error) => {
    assert.equal(error.code, Parse.Error.OPERATION_FORBIDDEN, `${error.code} ${error.message}`);
    return [];
  });
  assert.deepEqual(found, []);
}
