import { useState } from "react";
import { Link, useSearch } from "wouter";
import { useCart } from "../cart/CartContext";
import { useText } from "../i18n/LanguageContext";
import { changed, saveFields } from "../parse/save";
import type { User } from "../parse/types";
import { deleteAccount, logOut, replaceSession } from "../session/session";
import { useSession } from "../session/SessionContext";
import { useIsStaff, useStorefront } from "../Storefront";
import { Field, TextField } from "../ui/Field";
import { useNotify } from "../ui/Notices";
import { useAction } from "../ui/useAction";
import { usePage } from "../ui/usePage";
import { Sessions } from "./Sessions";
import { SignInForm } from "./SignInForm";

export function AccountPage() {
  const t = useText();
  const heading = usePage(t("account.title"));
  const { user, isGuest } = useSession();
  const { has } = useStorefront();
  const isStaff = useIsStaff();
  const cart = useCart();
  const isOrdering = useSearch().includes("order");
  if (!user || isGuest) {
    return (
      <>
        <h1 {...heading}>{t("account.title")}</h1>
        <p className="quiet">{t("account.guest")}</p>
        <SignInForm onDone={() => isOrdering && cart.setOpen(true)} />
      </>
    );
  }
  return (
    <>
      <div className="page-head">
        <h1 {...heading}>{user.get("username")}</h1>
        <nav className="links" aria-label={t("account.title")}>
          {has.orders && <Link href="/orders">{t("orders.title")}</Link>}
          {isStaff && <Link href="/admin">{t("account.staff")}</Link>}
          <button type="button" className="button" onClick={() => logOut()}>
            {t("account.logout")}
          </button>
        </nav>
      </div>
      <div key={user.id} className="columns">
        <Details user={user} />
        <Password user={user} />
        <Sessions />
        <Leave />
      </div>
    </>
  );
}

/** Save fields of the user; with another password there is another session. */
const saveUser = (user: User, fields: Record<string, unknown>): Promise<void> => replaceSession(() => saveFields(user, fields));

function Details({ user }: { user: User }) {
  const t = useText();
  const notify = useNotify();
  const { has } = useStorefront();
  const [email, setEmail] = useState(user.get("email") ?? "");
  const [address, setAddress] = useState(user.get("address") ?? "");
  const fields = { email: email.trim(), ...(has.addresses && { address }) };
  const [before, setBefore] = useState(fields);
  const { isBusy, problem, run } = useAction();
  const save = async () => {
    if (!(await run(() => saveUser(user, changed(before, fields))))) return;
    setBefore(fields);
    notify(t("state.saved"));
  };
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <h2>{t("account.details")}</h2>
      <fieldset disabled={isBusy}>
        <Field label={t("account.email")} type="email" required autoComplete="email" value={email} onChange={(event) => setEmail(event.target.value)} />
        {has.addresses && <TextField label={t("account.address")} autoComplete="street-address" maxLength={500} value={address} onChange={(event) => setAddress(event.target.value)} />}
      </fieldset>
      {problem && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      <button type="submit" className="button" disabled={isBusy}>
        {t("state.save")}
      </button>
    </form>
  );
}

function Password({ user }: { user: User }) {
  const t = useText();
  const notify = useNotify();
  const [password, setPassword] = useState("");
  const { isBusy, problem, run } = useAction();
  const save = async () => {
    if (!(await run(() => saveUser(user, { password })))) return;
    setPassword("");
    notify(t("state.saved"));
  };
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <h2>{t("account.changepassword")}</h2>
      <Field label={t("account.newpassword")} hint={t("account.password.hint")} type="password" required autoComplete="new-password" disabled={isBusy} value={password} onChange={(event) => setPassword(event.target.value)} />
      {problem && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      <button type="submit" className="button" disabled={isBusy}>
        {t("account.changepassword")}
      </button>
    </form>
  );
}

function Leave() {
  const t = useText();
  const [isSure, setSure] = useState(false);
  const { isBusy, problem, run } = useAction();
  return (
    <section className="form">
      <h2>{t("account.delete")}</h2>
      {problem && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      {isSure ? (
        <>
          <p>{t("account.delete.sure")}</p>
          <div className="form-row">
            <button type="button" className="button button-danger" disabled={isBusy} onClick={() => run(deleteAccount)}>
              {t("account.delete.do")}
            </button>
            <button type="button" className="button" onClick={() => setSure(false)}>
              {t("state.cancel")}
            </button>
          </div>
        </>
      ) : (
        <button type="button" className="button" onClick={() => setSure(true)}>
          {t("account.delete")}
        </button>
      )}
    </section>
  );
}
