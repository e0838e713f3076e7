import { useState, useSyncExternalStore } from "react";
import { useText } from "../i18n/LanguageContext";
import { chooseTheme, chosenTheme, type Theme } from "./theme";

const system = matchMedia("(prefers-color-scheme: dark)");
const preferred = (): Theme => (system.matches ? "dark" : "light");

function subscribe(changed: () => void): () => void {
  system.addEventListener("change", changed);
  return () => system.removeEventListener("change", changed);
}

// Drawn, since not every system has the signs for them.
const SUN = "M12 7.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9ZM12 2v2.5M12 19.5V22M2 12h2.5M19.5 12H22M4.9 4.9l1.8 1.8M17.3 17.3l1.8 1.8M4.9 19.1l1.8-1.8M17.3 6.7l1.8-1.8";
const MOON = "M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5Z";

/** Light or dark: what the system says, until somebody chooses. */
export function ThemeSwitch() {
  const t = useText();
  const [chosen, setChosen] = useState(chosenTheme);
  const ofSystem = useSyncExternalStore(subscribe, preferred);
  const isDark = (chosen ?? ofSystem) === "dark";
  const choose = () => {
    const theme = isDark ? "light" : "dark";
    chooseTheme(theme);
    setChosen(theme);
  };
  return (
    <button type="button" className="button-quiet" aria-pressed={isDark} aria-label={t("shop.theme.dark")} title={t(isDark ? "shop.theme.light" : "shop.theme.dark")} onClick={choose}>
      <svg className="icon" viewBox="0 0 24 24" aria-hidden="true">
        <path d={isDark ? SUN : MOON} />
      </svg>
    </button>
  );
}
