// Live Query with the SDK itself: subscribe to a class, see its events.
import { button, labelled, make } from "./dom";
import { server, who } from "./server";

const EVENTS = ["create", "enter", "update", "leave", "delete"] as const;
const MOST = 200;

export function liveConsole(classes: string[]): HTMLElement {
  if (classes.length === 0) {
    return make("p", { class: "note" }, "No class of this app is live: a template says so by \"liveQuery\": true.");
  }
  const name = make("select");
  name.append(...classes.map((one) => make("option", { value: one }, one)));
  const told = make("p", { class: "figures", role: "status" }, "Not following anything.");
  const events = make("ol", { class: "events", reversed: "", "aria-live": "polite" });
  let stop: (() => Promise<void>) | null = null;

  const show = (kind: string, text: string) => {
    events.prepend(make("li", {}, `${new Date().toLocaleTimeString()} ${kind} ${text}`));
    while (events.children.length > MOST) events.lastElementChild?.remove();
  };
  const toggle = async () => {
    if (stop) {
      await stop();
      stop = null;
      go.textContent = "Follow";
      told.textContent = "Not following anything.";
      return;
    }
    go.disabled = true;
    try {
      stop = await follow(name.value, show);
      go.textContent = "Stop";
      told.textContent = `Following ${name.value}. Change an object in the REST tab, or anywhere else.`;
    } catch (error) {
      told.textContent = `Refused: ${error instanceof Error ? error.message : String(error)}`;
    } finally {
      go.disabled = false;
    }
  };
  const go = button("Follow", toggle, { class: "primary" });
  return make("div", {}, make("div", { class: "row" }, labelled("Class", name), go), told, events);
}

async function follow(className: string, show: (kind: string, text: string) => void) {
  const { default: Parse } = await import("parse/dist/parse.min.js");
  const url = server.url.replace(/^http/, "ws");
  const identity = who();
  const client = new Parse.LiveQueryClient({
    applicationId: server.app,
    serverURL: url,
    javascriptKey: server.key,
    masterKey: identity.kind === "master" ? identity.key : "",
    sessionToken: identity.kind === "user" ? identity.token : "",
    installationId: "",
  });
  Parse.initialize(server.app, server.key || undefined);
  Parse.serverURL = server.url;
  client.open();
  const token = identity.kind === "user" ? identity.token : undefined;
  const subscription = client.subscribe(new Parse.Query(className), token);
  if (!subscription) throw new Error("the connection was not opened");
  await Promise.race([
    new Promise<void>((resolve, reject) => {
      subscription.on("open", () => resolve());
      subscription.on("error", (error: unknown) => reject(error));
      client.on("error", (error: unknown) => reject(error));
    }),
    new Promise((_, reject) => setTimeout(() => reject(new Error("no answer in 10 s")), 10_000)),
  ]);
  show("open", className);
  for (const event of EVENTS) {
    subscription.on(event, (object: { toJSON(): unknown }) => show(event, JSON.stringify(object.toJSON())));
  }
  return async () => {
    await subscription.unsubscribe();
    client.close();
  };
}
