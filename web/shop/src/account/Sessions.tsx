import Parse from "parse";
import { useFormat } from "../i18n/useFormat";
import { useText } from "../i18n/LanguageContext";
import { useQuery } from "../parse/useQuery";
import { useSession } from "../session/SessionContext";
import { Failure, Skeleton } from "../ui/States";
import { useAction } from "../ui/useAction";

/** Every place where this user is logged in; all but this one can be ended. */
export function Sessions() {
  const t = useText();
  const { moment } = useFormat();
  const { user } = useSession();
  const { data, error, reload } = useQuery(new Parse.Query(Parse.Session).descending("createdAt").limit(50));
  const { isBusy, problem, run } = useAction();
  const end = (session: Parse.Session) => run(() => session.destroy().then(reload));
  return (
    <section className="form">
      <h2>{t("account.sessions")}</h2>
      {error && <Failure error={error} onRetry={reload} />}
      {!data && !error && <Skeleton />}
      {problem && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      <ul className="rows">
        {data?.rows.map((session) => (
          <li key={session.id}>
            <span>{t("account.sessions.since", { date: moment(session.createdAt) })}</span>
            {session.get("sessionToken") === user?.getSessionToken() ? (
              <span className="badge">{t("account.sessions.this")}</span>
            ) : (
              <button type="button" className="button" disabled={isBusy} onClick={() => end(session)}>
                {t("account.sessions.end")}
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
