import { useState } from "react";
import { useText } from "../i18n/LanguageContext";
import { chooseTheme, chosenTheme, type Theme } from "./theme";

const preferred = (): Theme => (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");

/** Light or dark: what the system says, until somebody chooses. */
export function ThemeSwitch() {
  const t = useText();
  const [chosen, setChosen] = useState(chosenTheme);
  const isDark = (chosen ?? preferred()) === "dark";
  const choose = () => {
    const theme = isDark ? "light" : "dark";
    chooseTheme(theme);
    setChosen(theme);
  };
  return (
    <button type="button" className="button-quiet" aria-pressed={isDark} aria-label={t("shop.theme.dark")} title={t(isDark ? "shop.theme.light" : "shop.theme.dark")} onClick={choose}>
      <span aria-hidden="true">{isDark ? "☀" : "☾"}</span>
    </button>
  );
}
