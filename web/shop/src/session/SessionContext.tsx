import { createContext, useContext, useEffect, useMemo, useReducer, type ReactNode } from "react";
import type { User } from "../parse/types";
import { currentUser, isGuest, onSessionChange } from "./session";

interface Session {
  /** Who is here, guests with an anonymous account included. */
  user: User | null;
  /** Their session: another one asks and listens anew. */
  token: string | undefined;
  /** Is there nobody with an account of their own? */
  isGuest: boolean;
}

const Context = createContext<Session>({ user: null, token: undefined, isGuest: true });

export const useSession = (): Session => useContext(Context);

export function SessionProvider({ children }: { children: ReactNode }) {
  const [round, changed] = useReducer((n: number) => n + 1, 0);
  useEffect(() => onSessionChange(changed), []);
  const session = useMemo(() => {
    void round; // somebody else is here
    const user = currentUser();
    return { user, token: user?.getSessionToken() ?? undefined, isGuest: isGuest(user) };
  }, [round]);
  return <Context value={session}>{children}</Context>;
}
