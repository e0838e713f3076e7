import { useText } from "../i18n/LanguageContext";

export interface PagerProps {
  /** The pages beside this one, if there are any. */
  previous: string | undefined;
  next: string | undefined;
  onPage: (at: string) => void;
}

export function Pager({ previous, next, onPage }: PagerProps) {
  const t = useText();
  if (previous === undefined && next === undefined) return null;
  const go = (at: string) => {
    onPage(at);
    // Whoever leafs begins at the top, and a screen reader, too.
    document.querySelector<HTMLElement>("h1")?.focus({ preventScroll: true });
    scrollTo(0, 0);
  };
  return (
    <nav className="pager" aria-label={t("pager.label")}>
      <button type="button" className="button" disabled={previous === undefined} onClick={() => previous !== undefined && go(previous)}>
        <span aria-hidden="true">←</span> {t("pager.previous")}
      </button>
      <button type="button" className="button" disabled={next === undefined} onClick={() => next !== undefined && go(next)}>
        {t("pager.next")} <span aria-hidden="true">→</span>
      </button>
    </nav>
  );
}
