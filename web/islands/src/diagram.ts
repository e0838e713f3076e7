// Diagrams by Mermaid: moved and zoomed, one class alone, source and picture to take along.
import { button, copyButton, make } from "./dom";
import { allowStyles } from "./nonce";
import { panned } from "./panning";
import { server } from "./server";

/** An app of more classes begins with one of them and its neighbours. */
const MOST_AT_ONCE = 30;

const HELP = "Drag it to move it. Ctrl and the wheel zoom, as + and − do; 0 begins anew.";

type Mermaid = typeof import("mermaid").default;
let loading: Promise<Mermaid> | null = null;

/** The page's own colours, as Mermaid calls them. */
function colours(): Record<string, string> {
  const style = getComputedStyle(document.documentElement);
  const [paper, raised, line, ink, soft, accent] = ["paper", "raised", "line", "ink", "soft", "accent"]
    .map((name) => style.getPropertyValue(`--${name}`).trim());
  return {
    background: paper, mainBkg: raised, primaryColor: raised, secondaryColor: raised, tertiaryColor: raised,
    primaryTextColor: ink, secondaryTextColor: ink, tertiaryTextColor: ink, textColor: ink, nodeTextColor: ink,
    primaryBorderColor: soft, nodeBorder: soft, lineColor: soft, edgeLabelBackground: paper,
    tertiaryBorderColor: line, rowOdd: paper, rowEven: raised, attributeBackgroundColorOdd: paper,
    attributeBackgroundColorEven: raised, actorBkg: raised, actorBorder: soft, actorTextColor: ink,
    actorLineColor: line, signalColor: ink, signalTextColor: ink, labelTextColor: ink,
    noteBkgColor: paper, noteTextColor: ink, noteBorderColor: accent,
  };
}

async function mermaid(): Promise<Mermaid> {
  loading ??= import("mermaid").then(({ default: library }) => {
    allowStyles(server.nonce);
    return library;
  });
  const library = await loading;
  library.initialize({
    startOnLoad: false,
    // It would clean the picture by parsing it, styles and all, which the policy forbids: here
    // `parsed` leaves out what could run, and names in a source are letters and digits.
    securityLevel: "loose",
    theme: "base",
    themeVariables: colours(),
    htmlLabels: false,
    flowchart: { htmlLabels: false },
    maxTextSize: 500_000,
    fontFamily: "system-ui, sans-serif",
  });
  return library;
}

let number = 0;
// One after the other: Mermaid measures in the page while it draws.
let turn: Promise<unknown> = Promise.resolve();

function draw(source: string): Promise<string> {
  const drawn = turn.then(async () => {
    const library = await mermaid();
    number += 1;
    return (await library.render(`drawing-${number}`, source)).svg;
  });
  turn = drawn.catch(() => undefined);
  return drawn;
}

/** The lines about one class and what it refers to, or is referred to by. */
function only(source: string, name: string): string {
  if (!name) return source;
  const relation = /^ {4}(\w+) \S+ (\w+) :/;
  const near = new Set([name]);
  for (const line of source.split("\n")) {
    const found = relation.exec(line);
    if (found && (found[1] === name || found[2] === name)) near.add(found[1]).add(found[2]);
  }
  let keeps = true;
  return source
    .split("\n")
    .filter((line) => {
      const block = /^ {4}(\w+) \{$/.exec(line);
      if (block) keeps = near.has(block[1]);
      const found = relation.exec(line);
      if (found) return found[1] === name || found[2] === name;
      const isKept = keeps || line === "erDiagram";
      if (line === "    }") keeps = true;
      return isKept;
    })
    .join("\n");
}

function download(text: string, name: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  make("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

export function mountDiagram(place: HTMLElement): void {
  const holder = document.getElementById(place.dataset.source ?? "");
  const source = holder?.querySelector("code")?.textContent ?? "";
  const isEntities = source.startsWith("erDiagram");
  const view = make("div", { class: "view", tabindex: "0", role: "region", "aria-label": isEntities ? "ER diagram" : "Sequence diagram" });
  const told = make("p", { class: "figures", role: "status" }, "Drawing…");
  const filter = make("select");
  const pan = panned(view);
  let svg = "";

  const show = async () => {
    told.textContent = "Drawing…";
    try {
      svg = await draw(only(source, filter.value));
      pan.show(parsed(svg));
      if (isEntities) linkClasses(view);
      told.textContent = HELP;
    } catch (error) {
      const why = error instanceof Error ? error.message : error;
      told.replaceChildren(`The diagram can't be drawn: ${why} `, button("Try again", show));
    }
  };
  const bar = make(
    "div",
    { class: "bar" },
    button("−", () => pan.zoom(0.8), { "aria-label": "Smaller" }),
    button("+", () => pan.zoom(1.25), { "aria-label": "Larger" }),
    button("Fit", pan.fit),
    copyButton("Copy source", () => only(source, filter.value)),
    copyButton("Copy SVG", () => svg),
    button("Download SVG", () => download(svg, isEntities ? "er-diagram.svg" : "flow.svg")),
  );
  if (isEntities) {
    const names = [...source.matchAll(/^ {4}(\w+) \{$/gm)].map(([, name]) => name);
    filter.append(make("option", { value: "" }, "All classes"));
    filter.append(...names.map((name) => make("option", { value: name }, name)));
    if (names.length > MOST_AT_ONCE) filter.value = names[0];
    filter.addEventListener("change", () => void show());
    filter.setAttribute("aria-label", "Show only a class and its neighbours");
    bar.append(filter);
  }
  place.replaceChildren(make("div", { class: "drawing" }, bar, view), told);
  addEventListener("themechange", () => void show());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => void show());
  void show();
}

/** The picture as nodes: nothing that runs, and styles in the ways that the policy allows. */
function parsed(text: string): SVGElement {
  const sheets: string[] = [];
  const plain = text
    .replace(/<style[^>]*>([^]*?)<\/style>/g, (_, sheet: string) => (sheets.push(sheet), ""))
    .replace(/ style="/g, ' data-style="');
  const found = new DOMParser().parseFromString(plain, "image/svg+xml").documentElement;
  const copy = (node: Element): Element | null => {
    if (["script", "foreignObject", "a"].includes(node.localName)) return null;
    const made = document.createElementNS(node.namespaceURI ?? "", node.tagName) as HTMLElement;
    for (const { name, value } of node.attributes) {
      if (name === "data-style") made.style.cssText = value;
      else if (!name.startsWith("on")) made.setAttribute(name, value);
    }
    for (const child of node.childNodes) {
      const copied = child instanceof Element ? copy(child) : null;
      if (copied) made.append(copied);
      else if (child.nodeType === Node.TEXT_NODE) made.append(child.textContent ?? "");
    }
    return made;
  };
  const picture = copy(found) as unknown as SVGElement;
  const styles = document.createElement("style");
  styles.textContent = sheets.join("\n");
  picture.prepend(styles);
  return picture;
}

/** Each class of the picture leads to its dictionary, by a click and by the keyboard. */
function linkClasses(view: HTMLElement): void {
  for (const article of document.querySelectorAll("article.class")) {
    const name = article.id.replace("class-", "");
    for (const label of view.querySelectorAll("text, tspan")) {
      const entity = label.closest<SVGGElement>("g[id*='entity']");
      if (label.textContent?.trim() !== name || !entity || entity.hasAttribute("role")) continue;
      const go = () => (location.hash = article.id);
      entity.setAttribute("role", "link");
      entity.setAttribute("tabindex", "0");
      entity.addEventListener("click", go);
      entity.addEventListener("keydown", ({ key }) => key === "Enter" && go());
    }
  }
}
