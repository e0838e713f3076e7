// The playground: REST, GraphQL, Live Query, functions, the reference; asked by whom one chooses.
import { button, make, tabs } from "./dom";
import { functionsConsole, type Declared } from "./functions";
import { identitySwitch } from "./identity";
import { liveConsole } from "./live";
import { restConsole, type Tried } from "./rest";
import { headers, watch } from "./server";

/** The functions of the page's table. */
const declaredFunctions = () =>
  [...document.querySelectorAll<HTMLElement>("[data-function]")].map(
    ({ dataset }) => JSON.parse(dataset.function ?? "{}") as Declared,
  );

/** Paths to begin with beside those of classes and functions. */
const OTHERS = ["/users/me", "/login", "/logout", "/batch", "/config", "/health", "/schemas", "/serverInfo"];

/** A tool with a page of its own, which is loaded when it is asked for. */
function framed(title: string, address: string): HTMLElement {
  const place = make("div");
  const open = () => place.replaceChildren(make("iframe", { src: address, title }));
  place.append(
    make("p", {}, `${title} is loaded on demand.`),
    button(`Open ${title} here`, open, { class: "primary" }),
    " ",
    make("a", { class: "button", href: address }, "On a page of its own"),
  );
  return place;
}

export function mountPlayground(place: HTMLElement): void {
  window.portal = { headers, watch };
  const live = [...document.querySelectorAll("article.class")]
    .filter((one) => one.querySelector("h3 .badge:not(.plain)"))
    .map((one) => one.id.replace("class-", ""));
  const functions = declaredFunctions();
  const classes = [...document.querySelectorAll<HTMLElement>("article.class")].map((one) => one.dataset.path ?? "");
  const paths = [...classes, ...functions.map(({ name }) => `/functions/${name}`), ...OTHERS];
  const rest = restConsole(firstTry() ?? { method: "GET", path: "/health", body: "" }, paths);
  const console_ = make("div", { class: "console" });
  const panels: Record<string, () => HTMLElement> = { REST: () => rest };
  if (place.dataset.graphiql) panels.GraphQL = () => framed("GraphiQL", "/portal/graphiql");
  panels["Live Query"] = () => liveConsole(live);
  panels.Functions = () => functionsConsole(functions);
  panels.Reference = () => framed("The API reference", "/portal/reference");
  const all = tabs("Ways to ask", panels);
  console_.append(identitySwitch(console_), all);
  place.replaceChildren(console_);

  for (const link of document.querySelectorAll<HTMLElement>("[data-try]")) {
    link.addEventListener("click", () => {
      all.dispatchEvent(new CustomEvent("showtab", { detail: "REST" }));
      rest.dispatchEvent(new CustomEvent("try", { detail: tried(link) }));
    });
  }
}

const tried = (link: HTMLElement) => JSON.parse(link.dataset.try ?? "{}") as Tried;

function firstTry(): Tried | undefined {
  const links = [...document.querySelectorAll<HTMLElement>("[data-try]")].map(tried);
  return links.find(({ method }) => method === "GET") ?? links[0];
}
