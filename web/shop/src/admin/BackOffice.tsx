// Everything for the staff, in one chunk that only they load. Below /admin, links are relative.
import { useEffect, useRef } from "react";
import { Link, Route, Switch, useLocation } from "wouter";
import { useStorefront } from "../Storefront";
import "../styles/admin.css";
import { CodesPage } from "./codes/CodesPage";
import { CustomersPage } from "./customers/CustomersPage";
import { Dashboard } from "./dashboard/Dashboard";
import { OrdersPage } from "./orders/OrdersPage";
import { ProductsPage } from "./products/ProductsPage";
import { SalesPage } from "./sales/SalesPage";
import type { Key } from "./texts/en";
import { useAdminText } from "./texts/useAdminText";
import { useRowKeys } from "./ui/useRowKeys";

export default function BackOffice() {
  const t = useAdminText();
  const { has } = useStorefront();
  const [path] = useLocation();
  const rail = useRef<HTMLElement>(null);
  useRowKeys();
  useEffect(() => {
    // On a phone the rail is wider than the screen.
    const current = rail.current?.querySelector<HTMLElement>("[aria-current]");
    if (current) rail.current?.scrollTo({ left: current.offsetLeft - rail.current.clientWidth / 2 + current.clientWidth / 2 });
  }, [path]);
  const places: { path: string; name: Key; isThere: boolean }[] = [
    { path: "/", name: "dashboard", isThere: has.orders },
    { path: "/orders", name: "orders", isThere: has.orders },
    { path: "/products", name: "products", isThere: true },
    { path: "/sales", name: "sales", isThere: has.sales },
    { path: "/codes", name: "codes", isThere: has.codes },
    { path: "/customers", name: "customers", isThere: has.orders },
  ];
  return (
    <div className="office">
      <nav ref={rail} className="rail" aria-label={t("rail")}>
        {places
          .filter((place) => place.isThere)
          .map((place) => (
            <Link key={place.path} href={place.path} aria-current={path === place.path ? "page" : undefined}>
              {t(place.name)}
            </Link>
          ))}
        <p className="quiet rail-keys">{t("keys")}</p>
      </nav>
      <div className="office-page">
        <Switch>
          {has.orders && <Route path="/orders" component={OrdersPage} />}
          {has.sales && <Route path="/sales" component={SalesPage} />}
          {has.codes && <Route path="/codes" component={CodesPage} />}
          {has.orders && <Route path="/customers" component={CustomersPage} />}
          {has.orders && <Route path="/" component={Dashboard} />}
          <Route component={ProductsPage} />
        </Switch>
      </div>
    </div>
  );
}
