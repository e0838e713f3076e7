// The switch of who asks.
import { button, labelled, make } from "./dom";
import { ask, become, server, watch, who, type Identity } from "./server";

export function identitySwitch(console_: HTMLElement): HTMLElement {
  const told = make("p", { class: "figures", role: "status" });
  const more = make("div", { class: "row" });
  const choice = make("select");
  const options = ["nobody", ...(server.isDemo ? ["demo user"] : []), "sign in", "master key"];
  choice.append(...options.map((text) => make("option", { value: text }, text)));
  watch(() => {
    const now = who();
    console_.classList.toggle("master", now.kind === "master");
    told.textContent =
      now.kind === "user" ? `Asks as ${now.name}.`
      : now.kind === "master" ? "Asks with the master key: everything is allowed, and counts."
      : "Asks as nobody.";
  });
  let turn = 0; // an answer to whoever was chosen before is not heard
  choice.addEventListener("change", () => {
    turn += 1;
    const mine = turn;
    const say: Say = (heard) => {
      if (mine !== turn) return;
      if (typeof heard === "string") told.textContent = heard;
      else become(heard);
    };
    more.replaceChildren();
    become({ kind: "nobody" });
    if (choice.value === "demo user") void demo(say);
    if (choice.value === "sign in") more.append(...signIn(say));
    if (choice.value === "master key") more.append(...masterKey());
  });
  return make("div", {}, make("div", { class: "row" }, labelled("Ask as", choice), told), more);
}

/** Tell of whom one has become, or why of nobody. */
type Say = (heard: Identity | string) => void;

const UNREACHED = "The server can't be reached; try again.";

async function demo(say: Say): Promise<void> {
  try {
    const response = await fetch("/portal/demo-session", { method: "POST" });
    const user = response.ok ? await response.json() : null;
    say(user ? { kind: "user", name: user.username, token: user.sessionToken } : "The demo's user could not be signed in.");
  } catch {
    say(UNREACHED);
  }
}

function signIn(say: Say): HTMLElement[] {
  const name = make("input", { autocomplete: "username", autocapitalize: "none" });
  const password = make("input", { type: "password", autocomplete: "current-password" });
  const enter = async () => {
    go.disabled = true;
    try {
      const body = JSON.stringify({ username: name.value, password: password.value });
      const user = JSON.parse((await ask("POST", "/login", body)).text);
      say(user.sessionToken ? { kind: "user", name: user.username, token: user.sessionToken } : (user.error ?? "The log-in was refused."));
      if (user.sessionToken) password.value = "";
    } catch {
      say(UNREACHED);
    } finally {
      go.disabled = false;
    }
  };
  const go = button("Sign in", enter);
  password.addEventListener("keydown", ({ key }) => key === "Enter" && void enter());
  return [labelled("Username", name, true), labelled("Password", password, true), go];
}

function masterKey(): HTMLElement[] {
  const key = make("input", { type: "password", autocomplete: "off" });
  return [
    labelled("Master key, kept in the memory of this page", key, true),
    button("Use it", () => {
      if (key.value) become({ kind: "master", key: key.value });
      key.value = "";
    }),
  ];
}
