import { lazy, Suspense, useSyncExternalStore } from "react";
import { Link, Route, Router, Switch } from "wouter";
import { AccountPage } from "./account/AccountPage";
import { CartProvider } from "./cart/CartContext";
import { CartSheet } from "./cart/CartSheet";
import { CataloguePage } from "./catalogue/CataloguePage";
import { ProductPage } from "./catalogue/ProductPage";
import { LanguageProvider, useText } from "./i18n/LanguageContext";
import { OrderPage } from "./orders/OrderPage";
import { OrdersPage } from "./orders/OrdersPage";
import { SalesProvider } from "./sales/SalesContext";
import { SessionProvider, useSession } from "./session/SessionContext";
import { StorefrontProvider, useIsStaff, useStorefront } from "./Storefront";
import { Header } from "./ui/Header";
import { NoticesProvider } from "./ui/Notices";
import { Empty, Skeleton } from "./ui/States";

// Whoever does not work here does not load it.
const BackOffice = lazy(() => import("./admin/BackOffice"));

export function App() {
  return (
    <Router base={import.meta.env.BASE_URL.replace(/\/$/, "")}>
      <LanguageProvider>
        <SessionProvider>
          <StorefrontProvider>
            <SalesProvider>
              <NoticesProvider>
                <CartProvider>
                  <Pages />
                </CartProvider>
              </NoticesProvider>
            </SalesProvider>
          </StorefrontProvider>
        </SessionProvider>
      </LanguageProvider>
    </Router>
  );
}

function Pages() {
  const t = useText();
  const { has } = useStorefront();
  const isStaff = useIsStaff();
  return (
    <>
      <a className="skip" href="#main">
        {t("shop.skip")}
      </a>
      <Header />
      <Offline />
      <main id="main" tabIndex={-1}>
        <Suspense fallback={<Skeleton />}>
          <Switch>
            <Route path="/" component={CataloguePage} />
            <Route path="/product/:id">{({ id }) => <ProductPage key={id} id={id} />}</Route>
            <Route path="/account" component={AccountPage} />
            {has.orders && <Route path="/orders" component={OrdersPage} />}
            {has.orders && <Route path="/orders/:id">{({ id }) => <OrderPage key={id} id={id} />}</Route>}
            {isStaff && (
              <Route path="/admin" nest>
                <BackOffice />
              </Route>
            )}
            {!isStaff && (
              <Route path="/admin/*?">
                <StaffOnly />
              </Route>
            )}
            <Route>
              <Missing />
            </Route>
          </Switch>
        </Suspense>
      </main>
      <CartSheet />
    </>
  );
}

function Missing() {
  const t = useText();
  return (
    <Empty>
      <h1>{t("shop.missing")}</h1>
      <Link href="/" className="button">
        {t("shop.home")}
      </Link>
    </Empty>
  );
}

/** Who may be one of the staff is asked to log in; to whoever is none there is nothing here. */
function StaffOnly() {
  const t = useText();
  const { isGuest } = useSession();
  if (!isGuest) return <Missing />;
  return (
    <Empty>
      <h1>{t("shop.staffonly")}</h1>
      <Link href="/account" className="button">
        {t("account.login")}
      </Link>
    </Empty>
  );
}

function subscribe(changed: () => void): () => void {
  addEventListener("online", changed);
  addEventListener("offline", changed);
  return () => {
    removeEventListener("online", changed);
    removeEventListener("offline", changed);
  };
}

function Offline() {
  const t = useText();
  const isOnline = useSyncExternalStore(subscribe, () => navigator.onLine);
  return isOnline ? null : (
    <p className="offline" role="status">
      {t("shop.offline")}
    </p>
  );
}
