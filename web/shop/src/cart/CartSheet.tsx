import { useState } from "react";
import { useLocation } from "wouter";
import { useFormat } from "../i18n/useFormat";
import { useText } from "../i18n/LanguageContext";
import { itemOf, type Line } from "../parse/model";
import { useSession } from "../session/SessionContext";
import { useStorefront } from "../Storefront";
import { Dialog } from "../ui/Dialog";
import { Field } from "../ui/Field";
import { Empty } from "../ui/States";
import { useCart } from "./CartContext";
import { isUnanswered } from "./checkout";
import { Sums } from "./Sums";

export function CartSheet() {
  const t = useText();
  const cart = useCart();
  const { has } = useStorefront();
  return (
    <Dialog title={t("cart.title")} kind="side" isOpen={cart.isOpen} onClose={() => cart.setOpen(false)}>
      {cart.problem && (
        <p className="problem" role="alert">
          {cart.problem}
        </p>
      )}
      {cart.lines.length === 0 ? (
        <Empty>
          <p>{t("cart.empty")}</p>
        </Empty>
      ) : (
        <>
          <ul className="lines">
            {cart.lines.map((line) => (
              <CartLine key={itemOf(line)} line={line} />
            ))}
          </ul>
          {has.codes && <CodeForm />}
          <Sums totals={cart.totals} isBusy={cart.isBusy} />
          <CheckoutButton />
        </>
      )}
    </Dialog>
  );
}

function CartLine({ line }: { line: Line }) {
  const t = useText();
  const { money } = useFormat();
  const { setQuantity, isOrdering } = useCart();
  const name = [line.name, line.variation].filter(Boolean).join(", ");
  return (
    <li className="line">
      <div>
        <strong>{line.name}</strong>
        {line.variation && <span className="quiet"> {line.variation}</span>}
        {line.price !== undefined && <small className="quiet">{t("cart.each", { price: money(line.price) })}</small>}
      </div>
      <div className="stepper">
        <button type="button" className="button-quiet" aria-label={t("cart.less", { name })} disabled={isOrdering || line.quantity <= 1} onClick={() => setQuantity(line, line.quantity - 1)}>
          −
        </button>
        <output>{line.quantity}</output>
        <button type="button" className="button-quiet" aria-label={t("cart.more", { name })} disabled={isOrdering || line.quantity >= 999} onClick={() => setQuantity(line, line.quantity + 1)}>
          +
        </button>
      </div>
      <span className="line-sum">{line.price !== undefined && money(line.price * line.quantity)}</span>
      <button type="button" className="button-quiet" aria-label={t("cart.remove", { name })} disabled={isOrdering} onClick={() => setQuantity(line, 0)}>
        ✕
      </button>
    </li>
  );
}

function CodeForm() {
  const t = useText();
  const cart = useCart();
  const [code, setCode] = useState("");
  const applied = cart.totals.code;
  if (applied) {
    return (
      <p className="code">
        <span className="badge">{applied}</span>
        <button type="button" className="button-quiet" aria-label={t("cart.code.remove", { code: applied })} disabled={cart.isBusy} onClick={() => cart.removeCode()}>
          ✕
        </button>
      </p>
    );
  }
  return (
    <form
      className="code"
      onSubmit={async (event) => {
        event.preventDefault();
        if (await cart.apply(code)) setCode("");
      }}
    >
      <Field label={t("cart.code")} value={code} required maxLength={40} autoComplete="off" onChange={(event) => setCode(event.target.value)} />
      <button type="submit" className="button" disabled={cart.isBusy}>
        {t("cart.code.apply")}
      </button>
    </form>
  );
}

function CheckoutButton() {
  const t = useText();
  const cart = useCart();
  const { isGuest } = useSession();
  const { has } = useStorefront();
  const [, navigate] = useLocation();
  if (!has.orders) return <p className="quiet">{t("cart.noorders")}</p>;
  if (isGuest) {
    const signIn = () => {
      cart.setOpen(false);
      navigate("/account?order"); // and come back
    };
    return (
      <button type="button" className="button button-main" onClick={signIn}>
        {t("cart.checkout.guest")}
      </button>
    );
  }
  const label = isUnanswered() ? "cart.checkout.again" : "cart.checkout";
  return (
    <button type="button" className="button button-main" disabled={cart.isBusy} onClick={() => cart.order()}>
      {t(cart.isOrdering ? "cart.checkout.busy" : label)}
    </button>
  );
}
