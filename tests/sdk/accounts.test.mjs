// Customers and their sessions: from anonymous visitor to a changed password.
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import * as shop from "./shop.mjs";

const { Parse, master, password, refused } = shop;
const { User } = Parse;

/** A second device: the same account, another installation, hence a session beside the first. */
const logInElsewhere = async (user) => {
  const elsewhere = await User.logIn(user.getUsername(), password, { installationId: shop.fresh("device") });
  const as = { sessionToken: elsewhere.getSessionToken() };
  await shop.forgetCurrentUser();
  return as;
};

afterEach(() => shop.forgetCurrentUser());

test("a new customer is logged in and private", async () => {
  const user = await shop.signUp();
  assert.equal(user.authenticated(), true);
  assert.equal(user.isCurrent(), true);
  const found = await new Parse.Query(User).get(user.id);
  assert.equal(found.getEmail(), user.getEmail());
  const acl = found.getACL();
  assert.ok(acl.getReadAccess(user) && acl.getWriteAccess(user));
  assert.equal(acl.getPublicReadAccess() || acl.getPublicWriteAccess(), false);
  assert.equal(found.has("password"), false);
});

test("a username is taken once, whatever the case", async () => {
  const user = await shop.signUp();
  for (const username of [user.getUsername(), user.getUsername().toUpperCase()]) {
    await refused(
      Parse.Error.USERNAME_TAKEN,
      User.signUp(username, password, { email: `${shop.fresh("x")}@example.com` }),
      "Account already exists for this username.",
    );
  }
});

test("an email is taken once, whatever the case", async () => {
  const user = await shop.signUp();
  for (const email of [user.getEmail(), user.getEmail().toUpperCase()]) {
    await refused(
      Parse.Error.EMAIL_TAKEN,
      User.signUp(shop.fresh("customer"), password, { email }),
      "Account already exists for this email address.",
    );
  }
});

test("an email has to look like one", async () => {
  await refused(
    Parse.Error.INVALID_EMAIL_ADDRESS,
    User.signUp(shop.fresh("customer"), password, { email: "nowhere" }),
    "Email address format is invalid.",
  );
});

test("a wrong password and an unknown name look the same", async () => {
  const user = await shop.signUp();
  await shop.forgetCurrentUser();
  for (const name of [user.getUsername(), shop.fresh("nobody")]) {
    await refused(Parse.Error.OBJECT_NOT_FOUND, User.logIn(name, "wrong"), "Invalid username/password.");
  }
});

test("a customer logs in by name or by email", async () => {
  const { user } = await shop.customer();
  const byName = await User.logIn(user.getUsername(), password);
  assert.equal(byName.id, user.id);
  assert.equal(User.current().id, user.id);
  await shop.forgetCurrentUser();
  const byEmail = await User.logIn(user.getEmail(), password);
  assert.equal(byEmail.id, user.id);
  assert.equal(byEmail.getUsername(), user.getUsername());
});

test("log-in may be a POST", async () => {
  const { user } = await shop.customer();
  assert.equal((await User.logIn(user.getUsername(), password, { usePost: true })).id, user.id);
});

test("become takes over a session", async () => {
  const { user, as } = await shop.customer();
  const same = await User.become(as.sessionToken);
  assert.equal(same.id, user.id);
  assert.equal(same.getEmail(), user.getEmail());
  assert.equal(User.current().getSessionToken(), as.sessionToken);
});

test("an invented session is refused", async () => {
  await refused(
    Parse.Error.INVALID_SESSION_TOKEN,
    User.become(`r:${"0".repeat(32)}`),
    "Invalid session token",
  );
});

test("the current session tells how it began", async () => {
  const user = await shop.signUp();
  const session = await Parse.Session.current();
  assert.equal(session.getSessionToken(), user.getSessionToken());
  assert.equal(session.get("user").id, user.id);
  assert.deepEqual(session.get("createdWith"), { action: "signup", authProvider: "password" });
  assert.ok(session.get("expiresAt") > new Date());
  assert.equal(session.get("installationId"), await Parse._getInstallationId());
});

test("a customer sees the own sessions only", async () => {
  const { user, as } = await shop.customer();
  await shop.customer();
  const elsewhere = await logInElsewhere(user);
  const sessions = await new Parse.Query(Parse.Session).find(as);
  assert.deepEqual(
    shop.values(sessions, "sessionToken").sort(),
    [as.sessionToken, elsewhere.sessionToken].sort(),
  );
  assert.ok(sessions.every((session) => session.get("user").id === user.id));
});

test("a customer ends a session on another device", async () => {
  const { user, as } = await shop.customer();
  const lost = await logInElsewhere(user);
  const session = await new Parse.Query(Parse.Session).equalTo("sessionToken", lost.sessionToken).first(as);
  await session.destroy(as);
  await refused(Parse.Error.INVALID_SESSION_TOKEN, User.me(lost.sessionToken));
  assert.equal((await User.me(as.sessionToken)).id, user.id);
});

test("log-out ends this session and no other", async () => {
  const { user, as } = await shop.customer();
  const elsewhere = await logInElsewhere(user);
  await User.become(as.sessionToken);
  await User.logOut();
  assert.equal(User.current(), null);
  await refused(Parse.Error.INVALID_SESSION_TOKEN, User.me(as.sessionToken));
  assert.equal((await User.me(elsewhere.sessionToken)).id, user.id);
});

test("logging in again on one device ends its older session", async () => {
  const user = await shop.signUp();
  const older = user.getSessionToken();
  const again = await User.logIn(user.getUsername(), password);
  assert.notEqual(again.getSessionToken(), older);
  await refused(Parse.Error.INVALID_SESSION_TOKEN, User.me(older));
});

test("a customer changes the own profile", async () => {
  const { user, as } = await shop.customer();
  const email = `${shop.fresh("new")}@example.com`;
  await user.save({ email }, as);
  assert.equal((await User.me(as.sessionToken)).getEmail(), email);
});

test("a changed password ends the other sessions and gives this one a new token", async () => {
  const { user, as } = await shop.customer();
  const elsewhere = await logInElsewhere(user);
  const me = await User.become(as.sessionToken);
  await me.save({ password: "another battery" });
  await refused(Parse.Error.INVALID_SESSION_TOKEN, User.me(elsewhere.sessionToken));
  await refused(Parse.Error.INVALID_SESSION_TOKEN, User.me(as.sessionToken));
  assert.notEqual(me.getSessionToken(), as.sessionToken);
  assert.equal((await User.me(me.getSessionToken())).id, user.id);
  await shop.forgetCurrentUser();
  await refused(Parse.Error.OBJECT_NOT_FOUND, User.logIn(user.getUsername(), password));
  assert.equal((await User.logIn(user.getUsername(), "another battery")).id, user.id);
});

test("verifyPassword checks without a session", async () => {
  const { user } = await shop.customer();
  const checked = await User.verifyPassword(user.getUsername(), password);
  // The SDK hands out the bare answer.
  assert.equal(checked.objectId, user.id);
  assert.equal(checked.sessionToken, undefined);
  await refused(
    Parse.Error.OBJECT_NOT_FOUND,
    User.verifyPassword(user.getUsername(), "wrong"),
    "Invalid username/password.",
  );
});

test("one customer can neither see nor change nor remove another", async () => {
  const ada = await shop.customer();
  const bob = await shop.customer();
  assert.deepEqual(await new Parse.Query(User).equalTo("objectId", ada.user.id).find(bob.as), []);
  await refused(Parse.Error.OBJECT_NOT_FOUND, new Parse.Query(User).get(ada.user.id, bob.as));
  const ghost = () => Object.assign(new User(), { id: ada.user.id });
  await refused(Parse.Error.SESSION_MISSING, ghost().save({ username: shop.fresh("gone") }, bob.as));
  await refused(Parse.Error.SESSION_MISSING, ghost().destroy(bob.as), "Permission denied");
  await refused(Parse.Error.SESSION_MISSING, ghost().save({ username: shop.fresh("gone") }));
  await refused(Parse.Error.SESSION_MISSING, ghost().destroy());
});

test("who shows himself still hides his email", async () => {
  const ada = await shop.customer();
  const bob = await shop.customer();
  const acl = shop.onlyFor(ada.user);
  acl.setPublicReadAccess(true);
  await ada.user.save({ ACL: acl }, ada.as);
  const seen = await new Parse.Query(User).get(ada.user.id, bob.as);
  assert.equal(seen.getUsername(), ada.user.getUsername());
  for (const hidden of ["email", "authData", "password", "sessionToken"]) {
    assert.equal(seen.has(hidden), false, hidden);
  }
  const byEmail = new Parse.Query(User).equalTo("email", ada.user.getEmail());
  await refused(Parse.Error.OPERATION_FORBIDDEN, byEmail.find(bob.as));
});

test("a customer leaves and the sessions with him", async () => {
  const { user, as } = await shop.customer();
  await user.destroy(as);
  await refused(Parse.Error.INVALID_SESSION_TOKEN, User.me(as.sessionToken));
  await refused(Parse.Error.OBJECT_NOT_FOUND, User.logIn(user.getUsername(), password));
});

test("an anonymous visitor has an account without a password", async () => {
  const visitor = await Parse.AnonymousUtils.logIn();
  assert.equal(Parse.AnonymousUtils.isLinked(visitor), true);
  assert.match(visitor.getSessionToken(), /^r:/);
  const session = await Parse.Session.current();
  assert.deepEqual(session.get("createdWith"), { action: "login", authProvider: "anonymous" });
});

test("the same anonymous id is the same visitor", async () => {
  const visitor = await Parse.AnonymousUtils.logIn();
  const { id } = visitor.get("authData").anonymous;
  await shop.forgetCurrentUser();
  const again = await User.logInWith("anonymous", { authData: { id } });
  assert.equal(again.id, visitor.id);
});

test("an anonymous visitor signs up and keeps account and belongings", async () => {
  const visitor = await Parse.AnonymousUtils.logIn();
  const { id } = visitor;
  const Note = await shop.newClass("Note", (schema) => schema.addString("text"));
  const note = shop.make(Note, { text: "blue mug" });
  note.setACL(shop.onlyFor(visitor));
  await note.save();
  const username = shop.fresh("customer");
  visitor.setUsername(username);
  visitor.setPassword(password);
  visitor.setEmail(`${username}@example.com`);
  await visitor.signUp();
  assert.equal(visitor.id, id);
  assert.equal(Parse.AnonymousUtils.isLinked(visitor), false);
  await User.logOut();
  const customer = await User.logIn(username, password);
  assert.equal(customer.id, id);
  assert.equal((await new Parse.Query(Note).first()).get("text"), "blue mug");
});

test("an admin's tool acts as a customer", async () => {
  const { user } = await shop.customer();
  const same = await User.loginAs(user.id);
  assert.equal(same.id, user.id);
  assert.equal((await User.me(same.getSessionToken())).id, user.id);
  await refused(Parse.Error.OBJECT_NOT_FOUND, User.loginAs("nosuchid00"), "user not found");
});

test("the master sees and changes every account", async () => {
  const { user, as } = await shop.customer();
  const found = await new Parse.Query(User).equalTo("email", user.getEmail()).first(master);
  assert.equal(found.id, user.id);
  await found.save({ password: "set by master" }, master);
  await refused(Parse.Error.INVALID_SESSION_TOKEN, User.me(as.sessionToken));
  assert.equal((await User.logIn(user.getUsername(), "set by master")).id, user.id);
});
