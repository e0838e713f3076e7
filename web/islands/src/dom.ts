// Small helpers: elements are made with texts, never with HTML.

type Child = Node | string;

export function make<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Record<string, string> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

export function button(text: string, act: () => unknown, attributes: Record<string, string> = {}) {
  const made = make("button", { type: "button", ...attributes }, text);
  made.addEventListener("click", () => void act());
  return made;
}

/** A button that copies a text as it is then, and says so. */
export function copyButton(title: string, text: () => string): HTMLButtonElement {
  const copy = async () => {
    await navigator.clipboard.writeText(text());
    made.textContent = "Copied";
    setTimeout(() => (made.textContent = title), 1500);
  };
  const made = button(title, copy);
  return made;
}

/** What this browser keeps, where it keeps anything. */
export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // a browser without storage forgets
  }
}

export function recall(key: string): string {
  try {
    return localStorage.getItem(key) ?? "";
  } catch {
    return "";
  }
}

let number = 0;

/** A field below its label. */
export function labelled<T extends HTMLElement>(text: string, field: T, wide = false): HTMLElement {
  field.id ||= `field-${(number += 1)}`;
  const label = make("label", { for: field.id }, text);
  return make("div", { class: wide ? "field wide" : "field" }, label, field);
}

/** A text that scrolls, with its name for screen readers. */
export const listing = (name: string) =>
  make("pre", { tabindex: "0", role: "group", "aria-label": name });

/** Tabs over panels that are made when first shown. */
export function tabs(name: string, panels: Record<string, () => HTMLElement>): HTMLElement {
  const list = make("div", { class: "tablist", role: "tablist", "aria-label": name });
  const place = make("div", { role: "tabpanel", tabindex: "0" });
  const made = new Map<string, HTMLElement>();
  const entries = Object.keys(panels);
  const buttons = entries.map((title, at) => {
    const tab = button(title, () => show(title), { role: "tab" });
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step) {
        const next = (at + step + entries.length) % entries.length;
        show(entries[next]);
        buttons[next].focus();
      }
    });
    return tab;
  });
  const show = (title: string) => {
    buttons.forEach((tab, at) => {
      const isShown = entries[at] === title;
      tab.setAttribute("aria-selected", String(isShown));
      tab.tabIndex = isShown ? 0 : -1;
    });
    if (!made.has(title)) made.set(title, panels[title]());
    place.setAttribute("aria-label", title);
    place.replaceChildren(made.get(title) as HTMLElement);
  };
  list.append(...buttons);
  show(entries[0]);
  const whole = make("div", {}, list, place);
  whole.addEventListener("showtab", (event) => show((event as CustomEvent<string>).detail));
  return whole;
}
