import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { useConsole } from '../console-context.ts';
import { t } from '../i18n/text.ts';
import { failureText } from './load-state.tsx';

/** Asks for the API token and exchanges it for a session. */
export function SignIn() {
  const { actions } = useConsole();
  const input = useRef<HTMLInputElement>(null);
  const problem = useSignal<string | null>(null);
  const busy = useSignal(false);
  useEffect(() => input.current?.focus(), []);
  const submit = async (event: Event) => {
    event.preventDefault();
    const token = input.current?.value.trim() ?? '';
    if (token === '' || busy.value) return;
    busy.value = true;
    const failure = await actions.signIn(token);
    busy.value = false;
    if (failure !== null) {
      problem.value = failure.kind === 'sign-in' ? `${t('signIn.refused')} ${failure.detail}` : failureText(failure);
      input.current?.select();
    }
  };
  return (
    <main class="sign-in">
      <form class="panel" onSubmit={(event) => void submit(event)}>
        <h2>{t('signIn.title')}</h2>
        <p class="quiet">{t('signIn.hint')}</p>
        <label for="token">{t('signIn.token')}</label>
        <input
          id="token"
          ref={input}
          type="password"
          autocomplete="current-password"
          spellcheck={false}
          required
          aria-describedby="sign-in-problem"
        />
        <p id="sign-in-problem" class="form-problem" role="alert">
          {problem}
        </p>
        <button type="submit" class="button button-main" disabled={busy.value}>
          {t('signIn.submit')}
        </button>
      </form>
    </main>
  );
}
