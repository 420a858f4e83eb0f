import { type ReactNode, useCallback, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Sheet } from '../theme/Sheet.tsx';
import { LogInForm } from './LogInForm.tsx';
import { currentSession } from './session.ts';
import { type AskLogIn, LogInContext } from './useLogIn.ts';

/** Gives the pages within it a way to ask people to log in, in a sheet over what they are doing. */
export function AccountArea({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const waiting = useRef<((done: boolean) => void)[]>([]);
  const settle = useCallback((done: boolean) => {
    setOpen(false);
    for (const resolve of waiting.current.splice(0)) resolve(done);
  }, []);
  const askLogIn = useCallback<AskLogIn>(() => {
    if (currentSession()) return Promise.resolve(true);
    setOpen(true);
    return new Promise((resolve) => waiting.current.push(resolve));
  }, []);
  return (
    <LogInContext value={askLogIn}>
      {children}
      <Sheet title={t('account.welcome')} open={open} onClose={() => settle(false)}>
        <LogInForm onDone={() => settle(true)} />
      </Sheet>
    </LogInContext>
  );
}
