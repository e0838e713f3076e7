// Texts, money and dates in the visitor's language.
import { createContext, useCallback, useContext, useMemo, useState, useEffect, type ReactNode } from "react";
import { remember, remembered } from "../ui/remembered";
import { de } from "./de";
import { en, type Key } from "./en";

const LANGUAGES = { en, de };
export type Language = keyof typeof LANGUAGES;
export const NAMES: Record<Language, string> = { en: "English", de: "Deutsch" };

type Values = Record<string, string | number>;

/** A text with its `{name}`s filled in. */
export const filled = (text: string, values: Values = {}): string =>
  text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));

interface Speech {
  language: Language;
  /** What `Intl` formats by: the visitor's own variant of the language. */
  locale: string;
  speak: (language: Language) => void;
}

function initial(): Language {
  const wanted = remembered("shop.language") ?? navigator.language.slice(0, 2);
  return wanted in LANGUAGES ? (wanted as Language) : "en";
}

const Context = createContext<Speech>({ language: "en", locale: "en", speak: () => undefined });

export function LanguageProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState(initial);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const speech = useMemo(() => {
    const locale = navigator.language.startsWith(language) ? navigator.language : language;
    const speak = (chosen: Language) => {
      remember("shop.language", chosen);
      setLanguage(chosen);
    };
    return { language, locale, speak };
  }, [language]);
  return <Context value={speech}>{children}</Context>;
}

export const useSpeech = (): Speech => useContext(Context);

/** `t("stock.left", { n: 3 })`: the text in the visitor's language. */
export function useText(): (key: Key, values?: Values) => string {
  const { language } = useContext(Context);
  return useCallback((key, values) => filled(LANGUAGES[language][key], values), [language]);
}
