// Live Query with the SDK itself: subscribe to a class, see its events.
import { button, labelled, make } from "./dom";
import { server, watch, who } from "./server";

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
  let stop: (() => void) | null = null;
  let turn = 0; // what comes for another class, or for another one who asked, is not shown

  const show = (kind: string, text: string) => {
    events.prepend(make("li", {}, `${new Date().toLocaleTimeString()} ${kind} ${text}`));
    while (events.children.length > MOST) events.lastElementChild?.remove();
  };
  const end = () => {
    stop?.();
    stop = null;
    go.textContent = "Follow";
    told.textContent = "Not following anything.";
  };
  const toggle = async () => {
    if (stop) return end();
    go.disabled = true;
    name.disabled = true; // until it is followed
    const mine = turn;
    try {
      stop = await follow(name.value, (kind, text) => mine === turn && show(kind, text));
      if (mine !== turn) return end();
      go.textContent = "Stop";
      told.textContent = `Following ${name.value}. Change an object in the REST tab, or anywhere else.`;
    } catch (error) {
      told.textContent = `Refused: ${error instanceof Error ? error.message : String(error)}`;
    } finally {
      go.disabled = false;
      name.disabled = false;
    }
  };
  /** What was told of another class, or to another one who asked, does not stay. */
  const leave = () => {
    turn += 1;
    events.replaceChildren();
    end();
  };
  name.addEventListener("change", leave);
  const go = button("Follow", toggle, { class: "primary" });
  watch(leave);
  return make("div", {}, make("div", { class: "row" }, labelled("Class", name), go), told, events);
}

/** Follow a class as who asks now, by a connection of its own, which nobody after them has. Answers how to stop. */
async function follow(className: string, show: (kind: string, text: string) => unknown): Promise<() => void> {
  const { default: Parse } = await import("parse");
  Parse.initialize(server.app, server.key);
  const identity = who();
  const client = new Parse.LiveQueryClient({
    applicationId: server.app,
    serverURL: server.url.replace(/^http/, "ws"),
    javascriptKey: server.key,
    masterKey: identity.kind === "master" ? identity.key : "",
  });
  client.open();
  const subscription = client.subscribe(new Parse.Query(className), identity.kind === "user" ? identity.token : "");
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error("no answer in 10 s")), 10_000);
  });
  const stop = () => void client.close();
  try {
    await Promise.race([subscription?.subscribePromise, late]);
  } catch (error) {
    stop();
    throw error;
  }
  show("open", className);
  for (const event of EVENTS) {
    subscription?.on(event, (object: { toJSON(): unknown }) => show(event, JSON.stringify(object.toJSON())));
  }
  return stop;
}
