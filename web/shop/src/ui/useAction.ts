import { useCallback, useState } from "react";
import { useText } from "../i18n/LanguageContext";
import { fieldOf, isUnreachable } from "../parse/errors";
import { currentToken, forgetIfExpired } from "../session/session";

export interface Action {
  /** Is anything of it under way? */
  isBusy: boolean;
  /** What the server said, when it refused. */
  problem: string | undefined;
  /** The refusal, if it is about this field; one about none of `known` is in `problem` alone. */
  about: (field: string) => string | undefined;
  /** Do it; answers whether it went well. */
  run: (work: () => Promise<unknown>) => Promise<boolean>;
  forget: () => void;
}

/** Something that a click sends: busy meanwhile, and with the server's words when it is refused. */
export function useAction(): Action {
  const [running, setRunning] = useState(0);
  const [error, setError] = useState<unknown>();
  const run = useCallback(async (work: () => Promise<unknown>) => {
    setRunning((n) => n + 1);
    setError(undefined);
    const token = currentToken();
    try {
      await work();
      return true;
    } catch (caught) {
      await forgetIfExpired(caught, token);
      setError(caught);
      return false;
    } finally {
      setRunning((n) => n - 1);
    }
  }, []);
  const forget = useCallback(() => setError(undefined), []);
  const t = useText();
  const said = error === undefined ? undefined : isUnreachable(error) ? { field: undefined, message: t("state.unreachable") } : fieldOf(error);
  return {
    isBusy: running > 0,
    problem: said && (said.field ? `${said.field}: ${said.message}` : said.message),
    about: (field) => (said?.field === field ? said.message : undefined),
    run,
    forget,
  };
}
