// The cart: one object of the user, whose lines are ours to set and whose sums are the server's.
import Parse from "parse";
import { createContext, useContext, useEffect, useReducer, useRef, useState, type ReactNode } from "react";
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
  /** Is it being ordered? What is changed meanwhile would fill it again. */
  isOrdering: boolean;
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

let latest: Promise<unknown> = Promise.resolve();

/**
 * The cart with other lines: shown at once, and undone when the server refuses; but newer ones that
 * have taken their place stay, and what becomes of those is the answer.
 */
async function saveLines(cart: Cart, lines: Line[]): Promise<void> {
  cart.set("items", lines);
  const saved = cart.save();
  latest = saved;
  try {
    await saved;
  } catch (error) {
    if (saved !== latest) return void (await latest);
    cart.revert();
    throw error;
  }
}

const isOf = (user: User | null, cart: Cart | undefined): boolean => user !== null && cart?.get("user")?.id === user.id;

export function CartProvider({ children }: { children: ReactNode }) {
  const { user } = useSession();
  const [isOpen, setOpen] = useState(false);
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  const { isBusy, problem, run, forget } = useAction();
  const query = user ? new Parse.Query(Cart).equalTo("user", user as User) : null;
  const { data, reload } = useLiveQuery(query);
  const [, navigate] = useLocation();
  const cart = data?.rows.find((row) => isOf(user, row)); // while another's is on its way, this one's is none
  const shown = useRef(cart);
  useEffect(() => {
    shown.current = cart;
  });
  const [isOrdering, setOrdering] = useState(false);
  const last = useRef<Promise<unknown>>(Promise.resolve());
  /** Begin when what was asked for before is done: with the account and the cart that it has left. */
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const done = last.current.then(work);
    last.current = done.catch(() => undefined);
    return done;
  };

  useEffect(() => {
    // An order was asked for before this page was loaded, and its answer never came.
    let isCurrent = user !== null;
    if (isCurrent) lostOrder().then((order) => order && isCurrent && navigate(`/orders/${order.id}?placed`), () => undefined);
    return () => {
      isCurrent = false;
    };
  }, [user, navigate]);

  const lines = cart ? linesOf(cart.get("items")) : [];
  const count = lines.reduce((sum, line) => sum + line.quantity, 0);
  const state: CartState = {
    lines,
    count,
    totals: cart ? totalsOf(cart) : { subtotal: 0, discount: 0, total: 0 },
    isBusy,
    isOrdering,
    problem,
    isOpen,
    setOpen: (wanted) => {
      forget();
      setOpen(wanted);
    },
    add: async (line) => {
      const work = async () => {
        const owner = await ensureUser();
        const known = isOf(owner, shown.current) ? shown.current : await cartOf(owner);
        const mine = known ?? new Cart();
        const saved = saveLines(mine, merged(linesOf(mine.get("items")), [line]));
        redraw();
        await saved;
        reload();
      };
      const isAdded = await run(() => inTurn(work));
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
    order: async () => {
      const work = async () => {
        const order = await checkout();
        setOpen(false);
        navigate(`/orders/${order.id}?placed`);
        await cart?.fetch().catch(() => undefined); // it is empty now
        reload();
      };
      setOrdering(true);
      const isPlaced = await run(() => inTurn(work));
      setOrdering(false);
      return isPlaced;
    },
  };
  return <Context value={state}>{children}</Context>;
}
