import { useCallback, useEffect, useState } from "react";
import { currentToken, forgetIfExpired, settled } from "../session/session";

export interface Loaded<T> {
  /** The newest answer; while another is on its way, the one before. */
  data: T | undefined;
  error: Error | undefined;
  isLoading: boolean;
  reload: () => void;
}

interface Answer<T> {
  load: () => Promise<T>;
  data?: T;
  error?: Error;
}

/** Call an async function now and whenever it is another one (so give it a stable one). */
export function useLoad<T>(load: () => Promise<T>): Loaded<T> {
  const [answer, setAnswer] = useState<Answer<T>>();
  const [round, setRound] = useState(0);
  useEffect(() => {
    let isCurrent = true;
    let token: string | undefined;
    const ask = async () => {
      await settled();
      token = currentToken();
      return load();
    };
    ask().then(
      (data) => isCurrent && setAnswer({ load, data }),
      async (error: Error) => {
        const isReplaced = await forgetIfExpired(error, token);
        if (!isCurrent) return;
        if (isReplaced) setRound((n) => n + 1);
        else setAnswer((before) => ({ load, data: before?.data, error }));
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [load, round]);
  const reload = useCallback(() => setRound((n) => n + 1), []);
  // What was asked before the service worker was there, it has not kept (see offline.ts).
  useEffect(() => {
    navigator.serviceWorker?.addEventListener("controllerchange", reload);
    return () => navigator.serviceWorker?.removeEventListener("controllerchange", reload);
  }, [reload]);
  const isCurrent = answer?.load === load;
  return {
    data: answer?.data,
    error: isCurrent ? answer?.error : undefined,
    isLoading: !isCurrent,
    reload,
  };
}
