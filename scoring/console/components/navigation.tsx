import { useEffect, useRef } from 'preact/hooks';
import { useConsole } from '../console-context.ts';
import { t } from '../i18n/text.ts';
import { formatRoute, screens } from '../route.ts';

/** Links to all screens; the object stays selected. */
export function Navigation() {
  const { state } = useConsole();
  const current = state.screen.value;
  const path = state.selected.value;
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    const link = list.current?.querySelector<HTMLElement>('[aria-current]');
    if (list.current && link)
      list.current.scrollLeft = link.offsetLeft - list.current.clientWidth / 2 + link.offsetWidth / 2;
  }, [current]);
  return (
    <nav class="navigation" aria-label={t('screen.label')}>
      <ul ref={list}>
        {screens.map((screen) => (
          <li key={screen}>
            <a
              href={formatRoute({ screen, path })}
              {...(screen === current ? { 'aria-current': 'page' as const } : {})}
            >
              {t(`screen.${screen}`)}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
