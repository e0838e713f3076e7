import { useCallback } from "react";
import { filled, useSpeech } from "../../i18n/LanguageContext";
import { de } from "./de";
import { en, type Key } from "./en";

const LANGUAGES = { en, de };

/** Like `useText`, for the texts of the back office. */
export function useAdminText(): (key: Key, values?: Record<string, string | number>) => string {
  const { language } = useSpeech();
  return useCallback((key, values) => filled(LANGUAGES[language][key], values), [language]);
}
