// Who may see and change what: object ACLs, roles in roles, class-level and pointer permissions.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import * as shop from "./shop.mjs";

const { Parse, make, master, refused } = shop;
const { OBJECT_NOT_FOUND, OPERATION_FORBIDDEN } = Parse.Error;
let Note, ada, bob;

/** A class whose permissions are those of everybody, but for what is given. */
const guarded = (clp, build = (schema) => schema.addString("text")) =>
  shop.newClass("Guarded", (schema) => build(schema).setCLP({ ...shop.everybody(), ...clp }));

const reader = (className, id, as) => new Parse.Query(className).get(id, as);

async function note(acl, as) {
  const object = make(Note, { text: "hello" });
  if (acl) object.setACL(acl);
  await object.save(null, as);
  return object;
}

async function role(name, { users = [], roles = [] }) {
  const made = new Parse.Role(shop.fresh(name), new Parse.ACL());
  users.forEach((user) => made.getUsers().add(user));
  roles.forEach((inner) => made.getRoles().add(inner));
  return made.save(null, master);
}

before(async () => {
  Note = await shop.newClass("Note", (schema) => schema.addString("text"));
  ada = await shop.customer();
  bob = await shop.customer();
});

test("an object without ACL is everybody's", async () => {
  const object = await note(null, ada.as);
  assert.equal((await reader(Note, object.id)).get("text"), "hello");
  await object.save({ text: "changed by a visitor" });
  assert.equal(object.getACL(), null);
});

test("a private object exists for its owner only", async () => {
  const object = await note(shop.onlyFor(ada.user), ada.as);
  assert.equal((await reader(Note, object.id, ada.as)).id, object.id);
  for (const as of [bob.as, {}]) {
    await refused(OBJECT_NOT_FOUND, reader(Note, object.id, as), "Object not found.");
    assert.equal(await new Parse.Query(Note).equalTo("objectId", object.id).first(as), undefined);
    await refused(OBJECT_NOT_FOUND, object.save({ text: "mine" }, as), "Object not found.");
    await refused(OBJECT_NOT_FOUND, object.destroy(as), "Object not found.");
  }
  object.revert();
  await object.save({ text: "still mine" }, ada.as);
});

test("read and write are given apart", async () => {
  const acl = shop.onlyFor(ada.user);
  acl.setPublicReadAccess(true);
  const readable = await note(acl, ada.as);
  assert.equal((await reader(Note, readable.id)).get("text"), "hello");
  await refused(OBJECT_NOT_FOUND, readable.save({ text: "x" }, bob.as));

  const writeOnly = shop.onlyFor(ada.user);
  writeOnly.setWriteAccess(bob.user, true);
  const dropBox = await note(writeOnly, ada.as);
  await dropBox.save({ text: "from bob" }, bob.as);
  await refused(OBJECT_NOT_FOUND, reader(Note, dropBox.id, bob.as));
  assert.equal((await reader(Note, dropBox.id, ada.as)).get("text"), "from bob");
});

test("an ACL comes back as it was given", async () => {
  const acl = new Parse.ACL(ada.user);
  acl.setPublicReadAccess(true);
  acl.setRoleWriteAccess("staff", true);
  acl.setReadAccess(bob.user, true);
  const object = await note(acl, ada.as);
  const found = await reader(Note, object.id, ada.as);
  assert.deepEqual(found.getACL().toJSON(), acl.toJSON());
  assert.equal(found.getACL().getRoleWriteAccess("staff"), true);
});

test("an owner shares and takes back", async () => {
  const object = await note(shop.onlyFor(ada.user), ada.as);
  const acl = object.getACL();
  acl.setReadAccess(bob.user, true);
  await object.save({ ACL: acl }, ada.as);
  assert.equal((await reader(Note, object.id, bob.as)).id, object.id);
  acl.setReadAccess(bob.user, false);
  await object.save({ ACL: acl }, ada.as);
  await refused(OBJECT_NOT_FOUND, reader(Note, object.id, bob.as));
});

test("an object for nobody is the master's", async () => {
  const object = await note(new Parse.ACL(), ada.as);
  await refused(OBJECT_NOT_FOUND, reader(Note, object.id, ada.as));
  assert.equal((await reader(Note, object.id, master)).get("text"), "hello");
});

test("an included object that is private is left out", async () => {
  const Frame = await shop.newClass("Frame", (schema) => schema.addPointer("note", Note));
  const secret = await note(shop.onlyFor(ada.user), ada.as);
  const frame = await make(Frame, { note: secret }).save();
  const query = () => new Parse.Query(Frame).include("note");
  assert.equal((await query().get(frame.id, ada.as)).get("note").get("text"), "hello");
  const seen = (await query().get(frame.id, bob.as)).get("note");
  assert.ok(seen === undefined || !seen.isDataAvailable());
});

test("a query in a query sees only what its caller may see", async () => {
  const Frame = await shop.newClass("Frame", (schema) => schema.addPointer("note", Note));
  const secret = await note(shop.onlyFor(ada.user), ada.as);
  await make(Frame, { note: secret }).save();
  const count = (as) => new Parse.Query(Frame)
    .matchesQuery("note", new Parse.Query(Note).equalTo("text", "hello")).count(as);
  assert.equal(await count(ada.as), 1);
  assert.equal(await count(bob.as), 0);
});

test("a role opens an object for its members", async () => {
  const club = await role("club", { users: [ada.user] });
  const acl = new Parse.ACL();
  acl.setRoleReadAccess(club, true);
  const object = await note(acl, master);
  assert.equal((await reader(Note, object.id, ada.as)).id, object.id);
  await refused(OBJECT_NOT_FOUND, reader(Note, object.id, bob.as));
});

test("a role within a role has the rights of the outer one", async () => {
  const owners = await role("owners", { users: [ada.user] });
  const clerks = await role("clerks", { users: [bob.user], roles: [owners] });
  const visitors = await role("visitors", { roles: [clerks] });
  const forRole = async (one) => {
    const acl = new Parse.ACL();
    acl.setRoleReadAccess(one, true);
    return note(acl, master);
  };
  const [ownersNote, clerksNote, visitorsNote] = await Promise.all([owners, clerks, visitors].map(forRole));
  for (const object of [ownersNote, clerksNote, visitorsNote]) {
    assert.equal((await reader(Note, object.id, ada.as)).id, object.id);
  }
  assert.equal((await reader(Note, visitorsNote.id, bob.as)).id, visitorsNote.id);
  await refused(OBJECT_NOT_FOUND, reader(Note, ownersNote.id, bob.as));
});

test("roles in a circle do no harm", async () => {
  const one = await role("one", { users: [ada.user] });
  const two = await role("two", { roles: [one] });
  one.getRoles().add(two);
  await one.save(null, master);
  const acl = new Parse.ACL();
  acl.setRoleReadAccess(two, true);
  const object = await note(acl, master);
  assert.equal((await reader(Note, object.id, ada.as)).id, object.id);
});

test("who leaves a role loses its rights at once", async () => {
  const { user, as } = await shop.customer();
  const club = await role("club", { users: [user] });
  const acl = new Parse.ACL();
  acl.setRoleReadAccess(club, true);
  const object = await note(acl, master);
  assert.equal((await reader(Note, object.id, as)).id, object.id);
  club.getUsers().remove(user);
  await club.save(null, master);
  await refused(OBJECT_NOT_FOUND, reader(Note, object.id, as));
});

test("a role's name is unique, and nobody appoints himself", async () => {
  const club = await role("club", {});
  const twin = new Parse.Role(club.getName(), new Parse.ACL());
  await refused(Parse.Error.DUPLICATE_VALUE, twin.save(null, master));
  club.getUsers().add(bob.user);
  await refused(OBJECT_NOT_FOUND, club.save(null, bob.as));
});

test("a class for the signed-in", async () => {
  const signedIn = { requiresAuthentication: true };
  const name = await guarded({ find: signedIn, get: signedIn, create: signedIn });
  const object = await make(name, { text: "hi" }).save(null, ada.as);
  assert.equal((await new Parse.Query(name).find(bob.as)).length, 1);
  const message = "Permission denied";
  await refused(OBJECT_NOT_FOUND, new Parse.Query(name).find(), message);
  await refused(OBJECT_NOT_FOUND, reader(name, object.id), message);
  await refused(OBJECT_NOT_FOUND, make(name, { text: "no" }).save(), message);
});

test("a class for a role", async () => {
  const keepers = await role("keepers", { users: [ada.user] });
  const only = { [`role:${keepers.getName()}`]: true };
  const name = await guarded({ create: only, update: only, delete: only });
  const object = await make(name, { text: "hi" }).save(null, ada.as);
  assert.equal((await new Parse.Query(name).find()).length, 1);
  await refused(OPERATION_FORBIDDEN, make(name).save(null, bob.as), "Permission denied");
  await refused(OPERATION_FORBIDDEN, object.save({ text: "x" }, bob.as), "Permission denied");
  await refused(OPERATION_FORBIDDEN, object.destroy(bob.as), "Permission denied");
  await object.destroy(ada.as);
});

test("a class for one user", async () => {
  const name = await guarded({ find: { [ada.user.id]: true } });
  assert.deepEqual(await new Parse.Query(name).find(ada.as), []);
  await refused(OPERATION_FORBIDDEN, new Parse.Query(name).find(bob.as), "Permission denied");
});

test("find, get and count are allowed apart", async () => {
  const name = await guarded({ find: {}, count: {} });
  const object = await make(name, { text: "hi" }).save();
  assert.equal((await reader(name, object.id)).get("text"), "hi");
  await refused(OPERATION_FORBIDDEN, new Parse.Query(name).find());
  await refused(OPERATION_FORBIDDEN, new Parse.Query(name).count());
});

test("a class that learns no new fields from clients", async () => {
  const name = await guarded({ addField: {} });
  await make(name, { text: "hi" }).save();
  await refused(OPERATION_FORBIDDEN, make(name, { text: "hi", colour: "red" }).save());
  await make(name, { text: "hi", colour: "red" }).save(null, master);
  await make(name, { colour: "blue" }).save();
});

test("pointer permissions show an object to the user it points at", async () => {
  const toOwner = { pointerFields: ["owner"] };
  const name = await guarded(
    { find: toOwner, get: toOwner, count: toOwner, update: toOwner, delete: toOwner },
    (schema) => schema.addString("text").addPointer("owner", "_User"),
  );
  const object = await make(name, { text: "hi", owner: ada.user }).save(null, ada.as);
  assert.deepEqual(shop.ids(await new Parse.Query(name).find(ada.as)), [object.id]);
  assert.equal(await new Parse.Query(name).count(ada.as), 1);
  assert.deepEqual(await new Parse.Query(name).find(bob.as), []);
  await refused(OBJECT_NOT_FOUND, reader(name, object.id, bob.as));
  await refused(OBJECT_NOT_FOUND, object.save({ text: "x" }, bob.as));
  await refused(OBJECT_NOT_FOUND, object.destroy(bob.as));
  await object.save({ text: "mine" }, ada.as);
  await object.destroy(ada.as);
});

test("pointer permissions through an array of users", async () => {
  const name = await guarded(
    { readUserFields: ["friends"], find: {}, get: {}, count: {} },
    (schema) => schema.addString("text").addArray("friends"),
  );
  const object = await make(name, { text: "hi", friends: [ada.user] }).save();
  assert.equal((await reader(name, object.id, ada.as)).id, object.id);
  assert.deepEqual(await new Parse.Query(name).find(bob.as), []);
});

test("writeUserFields let the owner write", async () => {
  const name = await guarded(
    { writeUserFields: ["owner"], update: {}, delete: {} },
    (schema) => schema.addString("text").addPointer("owner", "_User"),
  );
  const object = await make(name, { text: "hi", owner: ada.user }).save();
  await refused(OBJECT_NOT_FOUND, object.save({ text: "x" }, bob.as));
  await object.save({ text: "y" }, ada.as);
  assert.equal((await reader(name, object.id)).get("text"), "y");
});

test("protected fields are hidden from whom they are protected", async () => {
  const auditors = await role("auditors", { users: [bob.user] });
  const name = await guarded(
    { protectedFields: { "*": ["cost", "supplier"], [`role:${auditors.getName()}`]: ["supplier"] } },
    (schema) => schema.addString("text").addNumber("cost").addString("supplier"),
  );
  const object = await make(name, { text: "mug", cost: 3, supplier: "Acme" }).save(null, master);
  const fields = async (as) => Object.keys((await reader(name, object.id, as)).attributes)
    .filter((field) => ["text", "cost", "supplier"].includes(field)).sort();
  assert.deepEqual(await fields(), ["text"]);
  assert.deepEqual(await fields(ada.as), ["text"]);
  assert.deepEqual(await fields(bob.as), ["cost", "text"]);
  assert.deepEqual(await fields(master), ["cost", "supplier", "text"]);
  await refused(OPERATION_FORBIDDEN, new Parse.Query(name).equalTo("cost", 3).find(ada.as));
  await refused(OPERATION_FORBIDDEN, new Parse.Query(name).ascending("cost").find(ada.as));
  assert.equal((await new Parse.Query(name).equalTo("cost", 3).find(bob.as)).length, 1);
});

test("a class can give new objects an ACL", async () => {
  const name = await guarded({ ACL: { currentUser: { read: true, write: true } } });
  const object = await make(name, { text: "hi" }).save(null, ada.as);
  assert.equal((await reader(name, object.id, ada.as)).id, object.id);
  await refused(OBJECT_NOT_FOUND, reader(name, object.id, bob.as));
});

test("the master passes every permission", async () => {
  const nothing = {};
  const name = await guarded({
    find: nothing, get: nothing, count: nothing, create: nothing, update: nothing, delete: nothing,
  });
  const object = await make(name, { text: "hi" }).save(null, master);
  await object.save({ text: "ho" }, master);
  assert.equal((await new Parse.Query(name).find(master)).length, 1);
  await object.destroy(master);
});
