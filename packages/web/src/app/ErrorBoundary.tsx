import { Component, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { AlertIcon } from '../theme/icons.tsx';
import { Notice } from './Notice.tsx';

/** Shows a way out instead of an empty page when drawing it threw. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError(): { broken: boolean } {
    return { broken: true };
  }

  override render(): ReactNode {
    return this.state.broken ? <Broken /> : this.props.children;
  }
}

function Broken() {
  const { t } = useTranslation();
  return (
    <Notice icon={<AlertIcon size={32} />} title={t('app.brokenTitle')} text={t('app.brokenText')}>
      <button type="button" className="button primary" onClick={() => location.reload()}>
        {t('app.reload')}
      </button>
    </Notice>
  );
}
