// Ordering, once: the request has an id that outlives a reload. If the answer is lost, asking again
// with the same id brings the order that was made, and never a second one.
import Parse from "parse";
import { isRefusal } from "../parse/errors";
import { Order } from "../parse/types";
import { remember, remembered } from "../ui/remembered";

const NAME = "shop.checkout";

const newId = (): string =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** Order what is in the cart. Throws what the server refuses. */
export async function checkout(): Promise<Order> {
  const requestId = remembered(NAME) ?? newId();
  remember(NAME, requestId);
  try {
    const order: Order = await Parse.Cloud.run("checkout", { requestId });
    remember(NAME, null);
    return order;
  } catch (error) {
    // Without an answer nobody knows whether it was placed: the id is for asking again.
    if (isRefusal(error)) remember(NAME, null);
    throw error;
  }
}

/** Was an order asked for whose answer never came? */
export const isUnanswered = (): boolean => remembered(NAME) !== null;

/** The order whose answer was lost, if it was placed. */
export async function lostOrder(): Promise<Order | undefined> {
  const requestId = remembered(NAME);
  if (!requestId) return undefined;
  const query = new Parse.Query(Order).equalTo("requestId" as "status", requestId);
  const order = await query.first();
  if (order) remember(NAME, null);
  return order;
}
