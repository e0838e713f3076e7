// Who is here: guests have an anonymous account, so that they have a cart; signing up makes it
// theirs, with all that is in it.
import Parse from "parse";
import { linesOf, type Line } from "../parse/model";
import { Cart, type User } from "../parse/types";

export const currentUser = (): User | null => (Parse.User.current() as User | undefined) ?? null;

export const isGuest = (user: User | null): boolean =>
  user === null || Parse.AnonymousUtils.isLinked(user);

type Listener = () => void;
const listeners = new Set<Listener>();

/** Be told when somebody else is here. Answers how to stop. */
export function onSessionChange(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function sessionChanged(): void {
  for (const listener of listeners) listener();
}

/** The session that a request of now goes out with. */
export const currentToken = (): string | undefined => currentUser()?.getSessionToken() ?? undefined;

let replaced: Promise<unknown> = Promise.resolve();

/** Resolves when no change of the session is under way: what is asked before would be refused. */
export const settled = (): Promise<unknown> => replaced;

/** Do what may give another session: a new password, or an account of one's own. */
export async function replaceSession(work: () => Promise<unknown>): Promise<void> {
  const done = work();
  replaced = done.catch(() => undefined);
  await done;
  sessionChanged();
}

/** The user who is here; a guest gets an anonymous account. */
export async function ensureUser(): Promise<User> {
  const user = currentUser();
  if (user) return user;
  const guest = (await Parse.AnonymousUtils.logIn()) as User;
  sessionChanged();
  return guest;
}

/** Sign up; a guest's anonymous account becomes this one. */
export async function signUp(username: string, email: string, password: string): Promise<void> {
  const user = currentUser() ?? (new Parse.User() as User);
  user.setUsername(username); // which also takes the anonymity away
  user.setEmail(email);
  user.setPassword(password);
  try {
    await replaceSession(() => user.signUp());
  } catch (error) {
    user.revert();
    throw error;
  }
}

/** Log in, and take along what a guest has put into the cart. */
export async function logIn(username: string, password: string): Promise<void> {
  const guest = currentUser();
  const taken = guest && isGuest(guest) ? await cartLines(guest) : [];
  const user = (await Parse.User.logIn(username, password)) as User;
  try {
    if (taken.length === 0) return;
    const cart = (await cartOf(user)) ?? new Cart();
    await cart.save({ items: merged(linesOf(cart.get("items")), taken) });
  } finally {
    sessionChanged(); // somebody else is here in any case
  }
}

export async function logOut(): Promise<void> {
  await Parse.User.logOut().catch(() => undefined); // a session that is gone already is no matter
  await clearCaches();
  sessionChanged();
}

export async function deleteAccount(): Promise<void> {
  await currentUser()?.destroy();
  await logOut();
}

/**
 * Forget the session that a request went out with, if the server no longer knows it: it was ended
 * elsewhere. Where another has taken its place meanwhile, that one stays, and the answer is true:
 * it is worth asking again.
 */
export async function forgetIfExpired(error: unknown, token: string | undefined): Promise<boolean> {
  if (!(error instanceof Parse.Error && error.code === Parse.Error.INVALID_SESSION_TOKEN)) return false;
  await replaced; // the old session is refused before the answer that brings the new one
  if (currentToken() !== token || takeKept()) return true;
  await logOut();
  return false;
}

/** Take over whom the browser keeps for all its windows. Is it another session than this window's? */
function takeKept(): boolean {
  const kept = localStorage.getItem(keptName());
  if ((kept === null ? undefined : JSON.parse(kept).sessionToken) === currentToken()) return false;
  Parse.User._clearCache(); // so that the SDK reads what is kept
  sessionChanged();
  return true;
}

const keptName = (): string => `Parse/${Parse.applicationId}/currentUser`;

// Where another window logs in or out, this one does, too: an answer to whoever was here would bring them back.
addEventListener("storage", ({ key }) => {
  if (key === keptName() || key === null) takeKept();
});

/** What was kept for reading offline is nobody else's. */
async function clearCaches(): Promise<void> {
  if ("caches" in globalThis) await caches.delete("catalogue");
}

export const cartOf = (user: User) => new Parse.Query(Cart).equalTo("user", user).first();

const cartLines = async (user: User) => linesOf((await cartOf(user))?.get("items"));

/** Two lists of lines as one: the quantities of the same item are added. */
export function merged(lines: Line[], more: Line[]): Line[] {
  const result = lines.map((line) => ({ ...line }));
  for (const line of more) {
    const id = (line.sku ?? line.product)?.id;
    const twin = result.find((other) => (other.sku ?? other.product)?.id === id);
    if (twin) twin.quantity = Math.min(999, twin.quantity + line.quantity);
    else result.push({ ...line });
  }
  return result;
}
