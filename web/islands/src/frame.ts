// A tool on a page of its own, or in a frame of the portal: then it asks as the portal's switch says.

/** The portal around this page; null on a page of its own. */
const around = window.parent === window ? null : window.parent.portal;

export const isFramed = around != null;

/** The headers of who asks in the portal around this page. */
export const identityHeaders = (): Record<string, string> => around?.headers() ?? {};

/** Call at every change of who asks. */
export const onIdentity = (act: () => void): void => around?.watch(act);

/** Are the pages dark, by choice or by the system? */
export function isDark(): boolean {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

/** Call now, and when light and dark change: by the system, or by the portal around. */
export function onTheme(act: () => void): void {
  act();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", act);
  const follow = () => {
    const { theme } = window.parent.document.documentElement.dataset;
    if (theme) document.documentElement.dataset.theme = theme;
    act();
  };
  if (isFramed) window.parent.addEventListener("themechange", follow);
}
