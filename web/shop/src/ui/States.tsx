// What stands in the place of what is not there: loading, empty, failed.
import type { ReactNode } from "react";
import { useText } from "../i18n/LanguageContext";
import { isUnreachable, messageOf } from "../parse/errors";

export function Failure({ error, onRetry }: { error: Error; onRetry?: () => void }) {
  const t = useText();
  return (
    <div className="state state-failed" role="alert">
      <p>
        <strong>{t("state.failed")}</strong> {isUnreachable(error) ? t("state.unreachable") : messageOf(error)}
      </p>
      {onRetry && (
        <button type="button" className="button" onClick={onRetry}>
          {t("state.retry")}
        </button>
      )}
    </div>
  );
}

export function Empty({ children }: { children: ReactNode }) {
  return <div className="state">{children}</div>;
}

export function Skeleton({ count = 3, kind = "row" }: { count?: number; kind?: "row" | "card" }) {
  const t = useText();
  return (
    <div className={`skeletons skeletons-${kind}`} role="status" aria-label={t("state.loading")}>
      {Array.from({ length: count }, (_, index) => (
        <div key={index} className={`skeleton skeleton-${kind}`} />
      ))}
    </div>
  );
}
