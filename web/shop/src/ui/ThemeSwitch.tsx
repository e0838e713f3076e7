import { useEffect, useState } from "react";
import { useText } from "../i18n/LanguageContext";
import { remember, remembered } from "./remembered";

type Theme = "light" | "dark";

const preferred = (): Theme => (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");

/** Light or dark: what the system says, until somebody chooses. */
export function ThemeSwitch() {
  const t = useText();
  const [chosen, setChosen] = useState(remembered("theme") as Theme | null);
  useEffect(() => {
    if (chosen) document.documentElement.dataset.theme = chosen;
  }, [chosen]);
  const isDark = (chosen ?? preferred()) === "dark";
  const choose = () => {
    const theme = isDark ? "light" : "dark";
    remember("theme", theme);
    setChosen(theme);
  };
  return (
    <button type="button" className="button-quiet" aria-pressed={isDark} aria-label={t("shop.theme.dark")} title={t(isDark ? "shop.theme.light" : "shop.theme.dark")} onClick={choose}>
      <span aria-hidden="true">{isDark ? "☀" : "☾"}</span>
    </button>
  );
}
