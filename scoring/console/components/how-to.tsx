import { t } from '../i18n/text.ts';

/** How a part is changed: the key of plant.yaml, and the commands that look at it or change it. */
export function HowTo(props: { readonly file?: readonly string[]; readonly commands?: readonly string[] }) {
  const { file = [], commands = [] } = props;
  return (
    <div class="how-to">
      {file.length > 0 && (
        <p>
          <span class="quiet">{t('setup.changeFile')}</span>{' '}
          {file.map((key) => (
            <code key={key}>{key}</code>
          ))}
        </p>
      )}
      {commands.length > 0 && (
        <div>
          <p class="quiet">{t('setup.changeCommand')}</p>
          {commands.map((command) => (
            <pre key={command} tabIndex={0} class="command">
              <code>{command}</code>
            </pre>
          ))}
        </div>
      )}
    </div>
  );
}
