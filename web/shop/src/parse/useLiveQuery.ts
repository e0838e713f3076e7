import { useEffect, useReducer, useRef } from "react";
import { useSession } from "../session/SessionContext";
import type { Loaded } from "./useLoad";
import { useQuery, useStable, type Found } from "./useQuery";

const EVENTS = ["create", "update", "enter", "leave", "delete"] as const;
const PAUSE = 150;

/**
 * Call `onChange` when anything that matches the query changes, and after every (re)connection:
 * what happened before it is not told. Many changes at once are one call.
 */
export function useChanges(query: Parse.Query | null, onChange: () => void): void {
  const stable = useStable(query);
  const { token } = useSession(); // who looks decides what is told
  const latest = useRef(onChange);
  useEffect(() => {
    latest.current = onChange;
  });
  useEffect(() => {
    if (!stable) return;
    let isOpen = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const soon = () => {
      clearTimeout(timer);
      timer = setTimeout(() => latest.current(), PAUSE);
    };
    const subscribed = stable.subscribe().then((subscription) => {
      if (isOpen) {
        subscription.on("open", soon);
        for (const event of EVENTS) subscription.on(event, soon);
      }
      return subscription;
    });
    return () => {
      isOpen = false;
      clearTimeout(timer);
      subscribed.then((subscription) => subscription.unsubscribe()).catch(() => undefined);
    };
  }, [stable, token]);
}

/** Like `useQuery`, and kept up to date by the server's events for as long as it is shown. */
export function useLiveQuery<T extends Parse.Object>(query: Parse.Query<T> | null): Loaded<Found<T>> {
  const found = useQuery(query);
  // The SDK has written the new values into the objects that are shown: draw, and ask for the rest.
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  useChanges(query, () => {
    redraw();
    found.reload();
  });
  return found;
}
