import { useEffect, useRef } from "react";
import { useText } from "../i18n/LanguageContext";

let isFirst = true;

/** Name the page, and give its heading the focus when one has come here by a link. */
export function usePage(title: string) {
  const heading = useRef<HTMLHeadingElement>(null);
  const t = useText();
  useEffect(() => {
    document.title = `${title} · ${t("shop.name")}`;
  }, [title, t]);
  useEffect(() => {
    if (!isFirst) {
      heading.current?.focus();
      scrollTo(0, 0);
    }
    isFirst = false;
  }, []);
  return { ref: heading, tabIndex: -1 };
}
