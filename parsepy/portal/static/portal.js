// What needs no build: theme, copying, tabs, where one is. Every section reads without it.
"use strict";

const remember = (key, value) => {
  try {
    localStorage.setItem(key, value);
  } catch {
    // a browser without storage forgets
  }
};
const recall = (key) => {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
};

const theme = document.getElementById("theme");
theme.hidden = false;
theme.addEventListener("click", () => {
  const root = document.documentElement;
  const isDark = root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = isDark ? "light" : "dark";
  remember("theme", root.dataset.theme);
  dispatchEvent(new CustomEvent("themechange"));
});

// Blocks of guides and answers come from Markdown, without a button.
for (const block of document.querySelectorAll(".prose pre")) {
  const figure = document.createElement("figure");
  const caption = document.createElement("figcaption");
  const label = document.createElement("span");
  const button = document.createElement("button");
  figure.className = "code";
  label.textContent = /language-(\S+)/.exec(block.firstElementChild?.className)?.[1] ?? "";
  Object.assign(button, { className: "copy", type: "button", textContent: "Copy" });
  caption.append(label, button);
  block.replaceWith(figure);
  figure.append(caption, block);
}

for (const button of document.querySelectorAll(".copy")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const text = button.closest("figure, dd").querySelector("code").textContent;
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 1500);
  });
}

// Lists of links to parts become tabs; without this script the parts stand one below the other.
for (const tabs of document.querySelectorAll("[data-tabs]")) {
  const list = tabs.querySelector(".tablist");
  const links = [...list.querySelectorAll("a")];
  const panels = links.map((link) => document.getElementById(link.hash.slice(1)));
  const key = tabs.dataset.tabs;
  list.setAttribute("role", "tablist");
  const show = (place, focus = false) => {
    links.forEach((link, at) => {
      link.setAttribute("aria-selected", String(at === place));
      link.tabIndex = at === place ? 0 : -1;
      panels[at].hidden = at !== place;
    });
    if (focus) links[place].focus();
    if (key) remember(key, links[place].textContent);
  };
  links.forEach((link, at) => {
    link.parentElement.setAttribute("role", "presentation");
    link.setAttribute("role", "tab");
    link.id = `tab-${panels[at].id}`;
    link.setAttribute("aria-controls", panels[at].id);
    panels[at].setAttribute("role", "tabpanel");
    panels[at].setAttribute("aria-labelledby", link.id);
    link.addEventListener("click", (event) => {
      event.preventDefault();
      show(at);
      if (!key) history.replaceState(null, "", link.hash);
    });
    link.addEventListener("keydown", ({ key: pressed }) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[pressed];
      if (step) show((at + step + links.length) % links.length, true);
    });
  });
  const byHash = () => {
    const place = panels.findIndex((panel) => `#${panel.id}` === location.hash);
    if (place >= 0) {
      show(place);
      panels[place].scrollIntoView();
    }
    return place >= 0;
  };
  if (links.length && !byHash()) {
    show(Math.max(0, links.findIndex((link) => key && link.textContent === recall(key))));
  }
  addEventListener("hashchange", byHash);
}

// The table of contents tells where one is.
const places = new Map(
  [...document.querySelectorAll(".toc a")].map((link) => [link.hash.slice(1), link]),
);
const seen = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      for (const link of places.values()) link.removeAttribute("aria-current");
      places.get(target.id)?.setAttribute("aria-current", "true");
    }
  },
  { rootMargin: "-20% 0px -70%" },
);
for (const id of places.keys()) {
  const section = document.getElementById(id);
  if (section) seen.observe(section);
}

// What is drawn above the part that one has gone to does not push it away, until one moves on.
let aimed = null;
let leaving = 0;
const leave = () => {
  aimed = null;
};
const aim = () => {
  aimed = document.getElementById(location.hash.slice(1));
  clearTimeout(leaving);
  leaving = setTimeout(leave, 10_000);
};
for (const name of ["wheel", "touchstart", "pointerdown", "keydown"]) {
  addEventListener(name, leave, { capture: true, passive: true });
}
addEventListener("hashchange", aim);
addEventListener("click", ({ target }) => {
  if (target.closest("a")?.hash) setTimeout(aim); // to where one was before, too
});
aim();
const stay = () => aimed?.scrollIntoView({ behavior: "instant" });
addEventListener("scrollend", stay); // a smooth one goes to where the part was when it began
const whole = document.getElementById("main");
if (whole) new ResizeObserver(stay).observe(whole);

// While the interactive parts are being built, look now and then whether they are there.
if (document.querySelector("[data-building]")) {
  const look = async () => {
    try {
      const text = await (await fetch(location.pathname)).text();
      if (!text.includes("data-building")) return location.reload();
    } catch {
      // the server may be starting anew
    }
    return setTimeout(look, 3000);
  };
  setTimeout(look, 3000);
}
