// The cart: one object of the user, whose lines are ours to set and whose sums are the server's.
import Parse from "parse";
import { createContext, useContext, useEffect, useReducer, useState, type ReactNode } from "react";
import { useLocation } from "wouter";
import { itemOf, linesOf, totalsOf, type Line, type Totals } from "../parse/model";
import { Cart, type User } from "../parse/types";
import { useLiveQuery } from "../parse/useLiveQuery";
import { cartOf, ensureUser, merged } from "../session/session";
import { useSession } from "../session/SessionContext";
import { useAction } from "../ui/useAction";
import { checkout, lostOrder } from "./checkout";

interface CartState {
  lines: Line[];
  count: number;
  totals: Totals;
  isBusy: boolean;
  /** Why the last change was undone. */
  problem: string | undefined;
  add: (line: Line) => Promise<boolean>;
  setQuantity: (line: Line, quantity: number) => Promise<boolean>;
  apply: (code: string) => Promise<boolean>;
  removeCode: () => Promise<boolean>;
  order: () => Promise<boolean>;
  isOpen: boolean;
  setOpen: (isOpen: boolean) => void;
}

const Context = createContext<CartState | null>(null);

export function useCart(): CartState {
  const cart = useContext(Context);
  if (!cart) throw new Error("CartProvider is missing");
  return cart;
}

/** The cart with other lines: shown at once, and undone when the server refuses. */
async function saveLines(cart: Cart, lines: Line[]): Promise<void> {
  cart.set("items", lines);
  try {
    await cart.save();
  } catch (error) {
    cart.revert();
    throw error;
  }
}

export function CartProvider({ children }: { children: ReactNode }) {
  const { user } = useSession();
  const [isOpen, setOpen] = useState(false);
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  const { isBusy, problem, run, forget } = useAction();
  const query = user ? new Parse.Query(Cart).equalTo("user", user as User) : null;
  const { data, reload } = useLiveQuery(query);
  const [, navigate] = useLocation();
  const cart = user ? data?.rows[0] : undefined;

  useEffect(() => {
    // An order was asked for before this page was loaded, and its answer never came.
    if (!user) return;
    lostOrder().then((order) => order && navigate(`/orders/${order.id}?placed`), () => undefined);
  }, [user, navigate]);

  const lines = cart ? linesOf(cart.get("items")) : [];
  const count = lines.reduce((sum, line) => sum + line.quantity, 0);
  const state: CartState = {
    lines,
    count,
    totals: cart ? totalsOf(cart) : { subtotal: 0, discount: 0, total: 0 },
    isBusy,
    problem,
    isOpen,
    setOpen: (wanted) => {
      forget();
      setOpen(wanted);
    },
    add: async (line) => {
      const isAdded = await run(async () => {
        const owner = await ensureUser();
        const mine = cart ?? (await cartOf(owner)) ?? new Cart();
        const saved = saveLines(mine, merged(linesOf(mine.get("items")), [line]));
        redraw();
        await saved;
        reload();
      });
      if (!isAdded) setOpen(true); // where the reason stands
      return isAdded;
    },
    setQuantity: (line, quantity) =>
      run(async () => {
        if (!cart) return;
        const changed = lines.map((other) => (itemOf(other) === itemOf(line) ? { ...other, quantity } : other));
        const saved = saveLines(cart, changed.filter((other) => other.quantity > 0));
        redraw();
        await saved;
      }),
    apply: (code) => run(() => Parse.Cloud.run("applyDiscountCode", { code }).then(reload)),
    removeCode: () => run(() => Parse.Cloud.run("removeDiscountCode").then(reload)),
    order: () =>
      run(async () => {
        const order = await checkout();
        setOpen(false);
        navigate(`/orders/${order.id}?placed`);
        reload();
      }),
  };
  return <Context value={state}>{children}</Context>;
}
