import { createContext, useContext, useEffect, useMemo, useReducer, type ReactNode } from "react";
import type { User } from "../parse/types";
import { currentUser, isGuest, onSessionChange } from "./session";

interface Session {
  /** Who is here, guests with an anonymous account included. */
  user: User | null;
  /** Is there nobody with an account of their own? */
  isGuest: boolean;
}

const Context = createContext<Session>({ user: null, isGuest: true });

export const useSession = (): Session => useContext(Context);

export function SessionProvider({ children }: { children: ReactNode }) {
  const [round, changed] = useReducer((n: number) => n + 1, 0);
  useEffect(() => onSessionChange(changed), []);
  const session = useMemo(() => {
    void round; // somebody else is here
    const user = currentUser();
    return { user, isGuest: isGuest(user) };
  }, [round]);
  return <Context value={session}>{children}</Context>;
}
