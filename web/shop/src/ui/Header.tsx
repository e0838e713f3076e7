import { Link, useLocation } from "wouter";
import { useFilters } from "../catalogue/filters";
import { useCart } from "../cart/CartContext";
import { NAMES, useSpeech, useText, type Language } from "../i18n/LanguageContext";
import { useSession } from "../session/SessionContext";
import { useIsStaff } from "../Storefront";
import { ThemeSwitch } from "./ThemeSwitch";

export function Header() {
  const t = useText();
  const cart = useCart();
  const { user, isGuest } = useSession();
  const isStaff = useIsStaff();
  const { language, speak } = useSpeech();
  return (
    <header className="header">
      <Link href="/" className="brand">
        <img src={`${import.meta.env.BASE_URL}icon.svg`} alt="" width="28" height="28" />
        <span>{t("shop.name")}</span>
      </Link>
      <Search />
      <nav className="header-nav" aria-label={t("shop.nav")}>
        {isStaff && (
          <Link href="/admin" className="button-quiet office-link">
            {t("account.staff")}
          </Link>
        )}
        <Link href="/account" className="button-quiet account-link">
          {user && !isGuest ? user.get("username") : t("account.login")}
        </Link>
        <button type="button" className="button cart-button" aria-label={t("cart.open", { n: cart.count })} onClick={() => cart.setOpen(true)}>
          <span aria-hidden="true">
            {t("cart.title")} <b className="count">{cart.count}</b>
          </span>
        </button>
        <select className="language" aria-label={t("shop.language")} value={language} onChange={(event) => speak(event.target.value as Language)}>
          {Object.entries(NAMES).map(([code, name]) => (
            <option key={code} value={code} lang={code} title={name}>
              {code.toUpperCase()}
            </option>
          ))}
        </select>
        <ThemeSwitch />
      </nav>
    </header>
  );
}

/** The search of the catalogue; from another page it leads there. */
function Search() {
  const t = useText();
  const [path, navigate] = useLocation();
  const [filters, change] = useFilters();
  const isHere = path === "/";
  const search = (q: string) => (isHere ? change({ q }) : navigate(`/?${new URLSearchParams({ q })}`));
  return (
    <form role="search" className="search" onSubmit={(event) => event.preventDefault()}>
      <input type="search" aria-label={t("catalogue.search")} placeholder={t("catalogue.search")} maxLength={60} value={isHere ? filters.q : ""} onChange={(event) => search(event.target.value)} />
    </form>
  );
}
