import { useState } from "react";
import { useText } from "../i18n/LanguageContext";
import { logIn, signUp } from "../session/session";
import { Field } from "../ui/Field";
import { useAction } from "../ui/useAction";

/** Log in, or make an account; what was put into the cart before stays. */
export function SignInForm({ onDone }: { onDone: () => void }) {
  const t = useText();
  const [isNew, setNew] = useState(false);
  const [username, setUsername] = useState("");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const { isBusy, problem, run, forget } = useAction();
  const submit = async () => {
    const isDone = await run(() => (isNew ? signUp(username.trim(), email.trim(), password) : logIn(username.trim(), password)));
    if (isDone) onDone();
  };
  const choose = (wanted: boolean) => {
    forget();
    setNew(wanted);
  };
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <h2>{t(isNew ? "account.signup" : "account.login")}</h2>
      <fieldset disabled={isBusy}>
        <Field label={t("account.username")} required autoComplete="username" value={username} onChange={(event) => setUsername(event.target.value)} />
        {isNew && <Field label={t("account.email")} required type="email" autoComplete="email" value={email} onChange={(event) => setEmail(event.target.value)} />}
        <Field
          label={t("account.password")}
          hint={isNew ? t("account.password.hint") : undefined}
          required
          type="password"
          autoComplete={isNew ? "new-password" : "current-password"}
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
      </fieldset>
      {problem && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      <div className="form-row">
        <button type="submit" className="button button-main" disabled={isBusy}>
          {t(isNew ? "account.signup" : "account.login")}
        </button>
        <button type="button" className="button-quiet" disabled={isBusy} onClick={() => choose(!isNew)}>
          {t(isNew ? "account.have" : "account.new")}
        </button>
      </div>
    </form>
  );
}
