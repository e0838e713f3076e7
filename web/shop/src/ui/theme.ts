import { remember, remembered } from "./remembered";

export type Theme = "light" | "dark";

/** What somebody has chosen, here or in the portal; nothing: what the system says. */
export const chosenTheme = (): Theme | null => remembered("theme") as Theme | null;

/** Show the chosen theme: before anything is drawn, so that nothing flashes. */
export function showTheme(): void {
  const theme = chosenTheme();
  if (theme) document.documentElement.dataset.theme = theme;
}

export function chooseTheme(theme: Theme): void {
  remember("theme", theme);
  showTheme();
}
