import { useTranslation } from 'react-i18next';
import { CloseIcon, SearchIcon } from '../theme/icons.tsx';
import styles from './SearchField.module.css';

/** Finds rooms while one types. */
export function SearchField({ value, onChange }: { value: string; onChange(value: string): void }) {
  const { t } = useTranslation();
  return (
    <search className={styles.field}>
      <SearchIcon size={20} />
      <input
        type="search"
        className={styles.input}
        aria-label={t('front.searchLabel')}
        placeholder={t('front.search')}
        value={value}
        maxLength={100}
        enterKeyHint="search"
        onChange={(event) => onChange(event.target.value)}
      />
      {value !== '' && (
        <button type="button" className="icon-button" aria-label={t('front.clear')} onClick={() => onChange('')}>
          <CloseIcon size={18} />
        </button>
      )}
    </search>
  );
}
